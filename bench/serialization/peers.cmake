# Looks for the peers and adds those that are installed; included by CMakeLists.txt.

find_package(cereal CONFIG QUIET)
if(cereal_FOUND)
  peer(CEREAL cereal.cc cereal::cereal)
endif()

find_package(Boost QUIET COMPONENTS serialization)
if(Boost_FOUND)
  peer(BOOST boost.cc Boost::serialization)
endif()

# With MSGPACK_NO_BOOST it needs no Boost, which its CMake package asks for.
find_path(MSGPACK_INCLUDE msgpack.hpp)
if(MSGPACK_INCLUDE)
  peer(MSGPACK msgpack.cc)
  target_include_directories(serialization_bench SYSTEM PRIVATE ${MSGPACK_INCLUDE})
  set_source_files_properties(msgpack.cc PROPERTIES COMPILE_DEFINITIONS MSGPACK_NO_BOOST)
endif()

find_package(FlatBuffers CONFIG QUIET)
find_program(FLATC flatc)
if(TARGET flatbuffers::flatbuffers AND FLATC)
  add_custom_command(OUTPUT ${generated}/values_generated.h
    COMMAND ${FLATC} --cpp -o ${generated} ${CMAKE_CURRENT_SOURCE_DIR}/values.fbs
    DEPENDS values.fbs VERBATIM)
  target_sources(serialization_bench PRIVATE ${generated}/values_generated.h)
  peer(FLATBUFFERS flatbuffers.cc flatbuffers::flatbuffers)
endif()

find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(CAPNP QUIET IMPORTED_TARGET capnp)
endif()
find_program(CAPNP_COMPILER capnp)
if(TARGET PkgConfig::CAPNP AND CAPNP_COMPILER)
  add_custom_command(OUTPUT ${generated}/values.capnp.c++ ${generated}/values.capnp.h
    COMMAND ${CAPNP_COMPILER} compile -oc++:${generated}
      --src-prefix=${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/values.capnp
    DEPENDS values.capnp VERBATIM)
  add_library(values_capnp OBJECT ${generated}/values.capnp.c++ ${generated}/values.capnp.h)
  target_link_libraries(values_capnp PUBLIC PkgConfig::CAPNP)
  peer(CAPNP capnp.cc values_capnp)
endif()
