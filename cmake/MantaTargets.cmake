# The functions that the folders' CMakeLists.txt use.
#
#   manta_library(FOLDER SOURCES a.cc ... [LIBS lib ...])
#       The object library manta_FOLDER. Without sources (yet) a library of headers. LIBS are
#       imported targets or libraries; one that manta.pc must name needs a line in cmake/MantaInstall.cmake.
#   manta_unit_test(NAME SOURCES a_test.cc ... [LIBS lib ...] [CONCURRENT] [FULL] [TIMEOUT seconds])
#       Tests beside the sources: linked with the object libraries of this folder and those below.
#       One executable per folder is best (link time); CONCURRENT ones get one of their own.
#   manta_test(NAME SOURCES a_test.cc ... [LIBS lib ...] [CONCURRENT] [FULL] [TIMEOUT seconds])
#       Tests of tests/: linked with manta::manta, as a user's program would be.
#   manta_example(NAME SOURCES a.cc ... [ARGS arg ...])
#       An example. When its (first) source says `// Expected output:`, CTest checks it: see
#       examples/check_output.
#   manta_fuzzer(NAME SOURCES a_fuzz.cc ... [CORPUS folder] [DICTIONARY file])
#       A libFuzzer program, built with MANTA_BUILD_FUZZERS; .ci/run runs every fuzz_NAME, with its corpus and its
#       dictionary of words.
#
# Targets to build by themselves: concurrent_tests, all_examples, all_fuzzers, check_headers (every
# header compiles alone).
#
# CTest knows each GoogleTest case by its own name, and by one label: `unit`, `concurrent` (run under
# ThreadSanitizer too), `full` (only with .ci/run --full), `concurrent-full`.

find_package(Threads REQUIRED)
find_package(TBB REQUIRED)
foreach(needed asio.hpp:libasio-dev xxhash.h:libxxhash-dev zip.h:libzip-dev curl/curl.h:libcurl4-openssl-dev
        openssl/evp.h:libssl-dev)
  string(REPLACE ":" ";" needed ${needed})
  list(GET needed 0 header)
  list(GET needed 1 package)
  string(MAKE_C_IDENTIFIER MANTA_HAS_${header} found)
  find_path(${found} ${header})
  mark_as_advanced(${found})
  if(NOT ${found})
    message(FATAL_ERROR "Manta needs <${header}>, which is not installed: apt install ${package}, or scripts/setup")
  endif()
endforeach()

add_library(manta_internal INTERFACE)  # what every target inside the tree gets
target_include_directories(manta_internal INTERFACE ${MANTA_INCLUDE_DIR})
target_compile_features(manta_internal INTERFACE cxx_std_20)
target_link_libraries(manta_internal INTERFACE
  manta_warnings manta_sanitizers Threads::Threads TBB::tbb)
if(MANTA_BUILD_FUZZERS)  # coverage of all code, without libFuzzer's main
  target_compile_options(manta_internal INTERFACE -fsanitize=fuzzer-no-link)
  add_custom_target(all_fuzzers)
endif()
if(MANTA_BUILD_TESTS)
  add_custom_target(concurrent_tests)
endif()
add_custom_target(all_examples)  # some tests are written as examples, too

# A precompiled header serves all targets with the same flags: library code is compiled with -fPIC, test programs are
# not. Those that start processes have one with manta.h, which unit tests of lower folders must not see.
function(_manta_precompile target header)
  file(WRITE ${PROJECT_BINARY_DIR}/pch/${target}.cc "")
  add_library(${target} OBJECT ${PROJECT_BINARY_DIR}/pch/${target}.cc)
  target_link_libraries(${target} PRIVATE manta_internal)
  target_precompile_headers(${target} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/${header})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  else()
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # ccache needs it
  endif()
endfunction()

function(_manta_use_precompiled target pch)
  if(MANTA_PCH)
    target_precompile_headers(${target} REUSE_FROM ${pch})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    else()
      target_compile_options(${target} PRIVATE -fpch-preprocess)
    endif()
  endif()
endfunction()

if(MANTA_PCH)
  _manta_precompile(manta_pch pch.h)
  set_target_properties(manta_pch PROPERTIES POSITION_INDEPENDENT_CODE ON)
endif()

function(manta_library folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
  set(target manta_${folder})
  if(NOT arg_SOURCES)
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE manta_internal ${arg_LIBS})
    return()
  endif()
  add_library(${target} OBJECT ${arg_SOURCES})
  target_link_libraries(${target} PUBLIC manta_internal ${arg_LIBS})
  # In position-independent code so that Manta can be linked into a user's shared library.
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  _manta_use_precompiled(${target} manta_pch)
  set_property(GLOBAL APPEND PROPERTY MANTA_OBJECT_LIBRARIES ${target})
  set_property(GLOBAL APPEND PROPERTY MANTA_EXTRA_LIBS ${arg_LIBS})
endfunction()

# One libmanta.a out of the folders. Linking a program with it wraps the program's main, so that a process
# started as worker or node never enters the user's; -u main takes it out of gtest_main in any link order.
# A shared library or module has no main to be wrapped (docs/libraries.md).
function(manta_combined_library)
  get_property(folders GLOBAL PROPERTY MANTA_OBJECT_LIBRARIES)
  list(TRANSFORM folders REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)
  add_library(manta STATIC ${objects} ${MANTA_BACKTRACE_OBJECTS})
  add_library(manta::manta ALIAS manta)
  set_target_properties(manta PROPERTIES LINKER_LANGUAGE CXX)
  target_compile_features(manta INTERFACE cxx_std_20)
  target_include_directories(manta INTERFACE
    $<BUILD_INTERFACE:${MANTA_INCLUDE_DIR}> $<INSTALL_INTERFACE:include>)
  target_link_options(manta INTERFACE
    $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:LINKER:--wrap=main,-u,main>)
  get_property(extra GLOBAL PROPERTY MANTA_EXTRA_LIBS)
  list(REMOVE_DUPLICATES extra)
  target_link_libraries(manta INTERFACE
    Threads::Threads TBB::tbb rt ${extra} $<BUILD_INTERFACE:manta_sanitizers>)
endfunction()

# GCC takes twice as long for a test with -O3, and four times as long with a sanitizer when it optimizes at all. The
# library, the examples and the benchmarks are what is built for speed.
function(_manta_compile_as_test target)
  if(MANTA_SANITIZE)
    target_compile_options(${target} PRIVATE -O0)
  elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
    # With it GCC's false alarm about the frames of Asio's coroutines, as with sanitizers.
    target_compile_options(${target} PRIVATE -O1 $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)
  endif()
endfunction()

if(MANTA_BUILD_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
  if(MANTA_PCH)
    foreach(header IN ITEMS test_pch process_test_pch)
      _manta_precompile(manta_${header} ${header}.h)
      target_link_libraries(manta_${header} PRIVATE GTest::gmock)
      _manta_compile_as_test(manta_${header})
    endforeach()
  endif()
endif()

# Object libraries bring the wrapped main along as soon as all that it enters is among them.
function(_manta_wrap_main target below)
  if(manta_runtime_worker IN_LIST below)
    target_link_options(${target} PRIVATE LINKER:--wrap=main LINKER:-u,main)
  endif()
endfunction()

function(_manta_gtest_program name precompiled)
  cmake_parse_arguments(PARSE_ARGV 2 arg "CONCURRENT;FULL" "TIMEOUT" "SOURCES;LIBS")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE manta_internal ${arg_LIBS} GTest::gmock GTest::gtest_main)
  _manta_use_precompiled(${name} ${precompiled})
  _manta_compile_as_test(${name})
  set(label unit)
  if(arg_CONCURRENT AND arg_FULL)
    set(label concurrent-full)
  elseif(arg_CONCURRENT)
    set(label concurrent)
  elseif(arg_FULL)
    set(label full)
  endif()
  if(arg_CONCURRENT)
    add_dependencies(concurrent_tests ${name})
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${label} TIMEOUT ${arg_TIMEOUT})
endfunction()

function(manta_unit_test name)
  if(NOT MANTA_BUILD_TESTS)
    return()
  endif()
  get_property(below GLOBAL PROPERTY MANTA_OBJECT_LIBRARIES)
  _manta_gtest_program(${name} manta_test_pch ${ARGN} LIBS ${below})
  _manta_wrap_main(${name} "${below}")
endfunction()

function(manta_test name)
  _manta_gtest_program(${name} manta_process_test_pch ${ARGN} LIBS manta::manta)
endfunction()

function(manta_example name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;ARGS")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE manta::manta manta_warnings)
  add_dependencies(all_examples ${name})
  list(GET arg_SOURCES 0 first)
  cmake_path(ABSOLUTE_PATH first)
  file(STRINGS ${first} expected REGEX "^// Expected output:")
  if(expected AND MANTA_BUILD_TESTS)
    add_test(NAME example.${name}
      COMMAND ${PROJECT_SOURCE_DIR}/examples/check_output ${first} $<TARGET_FILE:${name}> ${arg_ARGS})
    set_tests_properties(example.${name} PROPERTIES LABELS unit TIMEOUT 120)
    # The same in a local session.
    add_test(NAME example.local.${name}
      COMMAND ${PROJECT_SOURCE_DIR}/examples/check_output ${first} $<TARGET_FILE:${name}> ${arg_ARGS})
    set_tests_properties(example.local.${name} PROPERTIES
      LABELS unit TIMEOUT 120 ENVIRONMENT MANTA_LOCAL=1)
  endif()
endfunction()

function(manta_fuzzer name)
  if(NOT MANTA_BUILD_FUZZERS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "CORPUS;DICTIONARY" "SOURCES")
  get_property(below GLOBAL PROPERTY MANTA_OBJECT_LIBRARIES)
  add_executable(fuzz_${name} ${arg_SOURCES})
  target_link_libraries(fuzz_${name} PRIVATE manta_internal ${below})
  target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(fuzz_${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzzers)
  _manta_wrap_main(fuzz_${name} "${below}")
  add_dependencies(all_fuzzers fuzz_${name})
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/fuzzers)
  if(arg_CORPUS)
    file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${arg_CORPUS}
      ${PROJECT_BINARY_DIR}/fuzzers/fuzz_${name}.corpus SYMBOLIC)
  endif()
  if(arg_DICTIONARY)
    file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${arg_DICTIONARY}
      ${PROJECT_BINARY_DIR}/fuzzers/fuzz_${name}.dict SYMBOLIC)
  endif()
endfunction()

# Every header compiles without another one before it. Not part of `all`.
function(manta_check_headers)
  set(sources "")
  foreach(folder IN LISTS MANTA_LAYERS)
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
      ${PROJECT_SOURCE_DIR}/${folder}/*.h)
    foreach(header IN LISTS headers)
      string(MAKE_C_IDENTIFIER ${header} name)
      set(source ${PROJECT_BINARY_DIR}/check_headers/${name}.cc)
      file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${PROJECT_SOURCE_DIR}/${header}\"\n")
      list(APPEND sources ${source})
    endforeach()
  endforeach()
  add_library(check_headers OBJECT EXCLUDE_FROM_ALL ${sources})
  target_link_libraries(check_headers PRIVATE manta_internal)
endfunction()
