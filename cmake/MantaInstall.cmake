# cmake --install: libmanta.a, the headers as <manta/...>, mantaConfig.cmake and manta.pc.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS manta EXPORT mantaTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(folder IN LISTS MANTA_LAYERS)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder}/
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/manta/${folder}
    FILES_MATCHING PATTERN "*.h"
    PATTERN "runtime/manta.h" EXCLUDE PATTERN "runtime/asio.h" EXCLUDE)
endforeach()
