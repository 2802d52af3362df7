# What can be switched. A project that takes Manta in by add_subdirectory gets the library alone.

option(MANTA_BUILD_TESTS "Build the tests (needs GoogleTest)" ${PROJECT_IS_TOP_LEVEL})
option(MANTA_FULL_TESTS "Build the tests that take minutes to compile, too: hundreds of types" OFF)
option(MANTA_BUILD_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})
option(MANTA_BUILD_BENCH "Build the benchmarks" ${PROJECT_IS_TOP_LEVEL})
option(MANTA_BUILD_FUZZERS "Build the libFuzzer targets (Clang only)" OFF)
option(MANTA_BUILD_CLI "Build the command line tool `manta`" ${PROJECT_IS_TOP_LEVEL})
option(MANTA_INSTALL "Add the install rules" ${PROJECT_IS_TOP_LEVEL})
option(MANTA_WERROR "Warnings are errors" OFF)
option(MANTA_PCH "Precompile standard headers for internal targets and unit tests" ON)
set(MANTA_SANITIZE "" CACHE STRING "Sanitizers: address,undefined or thread")

if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug, RelWithDebInfo" FORCE)
  endif()
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  enable_testing()

  # The tree is compiled several times over (sanitizers, presets): ccache makes that bearable.
  find_program(MANTA_CCACHE ccache)
  if(MANTA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${MANTA_CCACHE})
  endif()
endif()
