# cmake --install: libmanta.a, the headers as <manta/...>, mantaConfig.cmake, and manta.pc for programs,
# manta-library.pc for shared libraries.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# What libmanta.a needs besides Threads and TBB: the pkg-config module of each library that a layer links.
set(requires "tbb")
get_property(extra GLOBAL PROPERTY MANTA_EXTRA_LIBS)
if("xxhash" IN_LIST extra)
  string(APPEND requires " libxxhash")
endif()

# libzip brings many libraries with it: only a program that uses it loads them.
set(if_needed "")
foreach(lib IN LISTS extra)
  if(lib MATCHES "--as-needed")
    string(APPEND if_needed " ${lib}")
  endif()
endforeach()

install(TARGETS manta EXPORT mantaTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})

# Public headers, and what they include: in the installed tree they lie in <manta/...> as they do in this one. Those of
# runtime/include/manta forward to them; they are installed anew where a header lies elsewhere than users spell it
# (runtime/include/manta/manta.h finds the layers in both places).
function(manta_with_included result)
  set(found "")
  set(unread ${ARGN})
  while(unread)
    list(POP_FRONT unread header)
    if(header IN_LIST found)
      continue()
    endif()
    list(APPEND found ${header})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${header})
    cmake_path(GET header PARENT_PATH folder)
    file(STRINGS ${PROJECT_SOURCE_DIR}/${header} lines REGEX "^ *# *include \"")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE ".*\"(.*)\".*" "${folder}/\\1" included "${line}")
      cmake_path(NORMAL_PATH included)
      list(APPEND unread ${included})
    endforeach()
  endwhile()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE public CONFIGURE_DEPENDS RELATIVE ${MANTA_INCLUDE_DIR}/manta ${MANTA_INCLUDE_DIR}/manta/*.h)
list(REMOVE_ITEM public manta.h)
set(real runtime/manta.h)
foreach(header IN LISTS public)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${MANTA_INCLUDE_DIR}/manta/${header})
  file(STRINGS ${MANTA_INCLUDE_DIR}/manta/${header} line REGEX "^#include \"")
  string(REGEX REPLACE "^#include \"[./]*([^\"]*)\"$" "\\1" target "${line}")
  list(APPEND real ${target})
  if(NOT target STREQUAL header)
    cmake_path(GET header PARENT_PATH folder)
    set(from_there ${target})
    if(folder)
      cmake_path(RELATIVE_PATH target BASE_DIRECTORY ${folder} OUTPUT_VARIABLE from_there)
    endif()
    set(forwarding ${PROJECT_BINARY_DIR}/forwarding/${header})
    file(CONFIGURE OUTPUT ${forwarding} CONTENT "#pragma once\n#include \"${from_there}\"\n")
    install(FILES ${forwarding} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/manta/${folder})
  endif()
endforeach()
manta_with_included(installed ${real})
foreach(header IN LISTS installed)
  cmake_path(GET header PARENT_PATH folder)
  install(FILES ${PROJECT_SOURCE_DIR}/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/manta/${folder})
endforeach()
install(FILES ${MANTA_INCLUDE_DIR}/manta/manta.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/manta)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/manta)
install(EXPORT mantaTargets NAMESPACE manta:: DESTINATION ${config_dir})
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/mantaConfig.cmake @ONLY CONTENT
[[include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(TBB)
include(${CMAKE_CURRENT_LIST_DIR}/mantaTargets.cmake)
]])
write_basic_package_version_file(${PROJECT_BINARY_DIR}/mantaConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)

# The prefix is found from where the file lies, so that an installed tree can be moved. A program's main is wrapped.
cmake_path(SET pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
  BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX}/${pc_dir} OUTPUT_VARIABLE up)
foreach(pc IN ITEMS manta manta-library)
  set(wrap "")
  set(what "")
  if(pc STREQUAL "manta")
    set(wrap "-Wl,--wrap=main -Wl,-u,main ")
  else()
    set(what ", in a shared library, plugin or Python module")
  endif()
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/${pc}.pc @ONLY CONTENT
[[prefix=${pcfiledir}/@up@
libdir=${prefix}/@CMAKE_INSTALL_LIBDIR@
includedir=${prefix}/@CMAKE_INSTALL_INCLUDEDIR@

Name: @pc@
Description: @PROJECT_DESCRIPTION@@what@
Version: @PROJECT_VERSION@
Requires: @requires@
Cflags: -I${includedir} -pthread
Libs: -L${libdir} @wrap@-lmanta@if_needed@ -pthread -lrt
]])
  install(FILES ${PROJECT_BINARY_DIR}/${pc}.pc DESTINATION ${pc_dir})
endforeach()

install(FILES ${PROJECT_BINARY_DIR}/mantaConfig.cmake ${PROJECT_BINARY_DIR}/mantaConfigVersion.cmake
  DESTINATION ${config_dir})
