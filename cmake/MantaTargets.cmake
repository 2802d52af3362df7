# The functions that the folders' CMakeLists.txt use.
#
#   manta_library(FOLDER SOURCES a.cc ... [LIBS lib ...])
#       The object library manta_FOLDER. Without sources (yet) a library of headers.
#   manta_unit_test(NAME SOURCES a_test.cc ... [LIBS lib ...] [CONCURRENT])
#       Tests beside the sources: linked with the object libraries of this folder and those below.
#       One executable per folder is best (link time); CONCURRENT ones get one of their own.
#   manta_test(NAME SOURCES a_test.cc ... [LIBS lib ...] [CONCURRENT] [FULL] [TIMEOUT seconds])
#       Tests of tests/: linked with manta::manta, as a user's program would be.
#   manta_fuzzer(NAME SOURCES a_fuzz.cc ... [CORPUS folder])
#       A libFuzzer program, built with MANTA_BUILD_FUZZERS; .ci/run runs every fuzz_NAME.
#
# CTest knows each GoogleTest case by its own name, and by one label: `unit`, `concurrent` (run under
# ThreadSanitizer too), `full` (only with .ci/run --full), `concurrent-full`.

find_package(Threads REQUIRED)
find_package(TBB REQUIRED)

add_library(manta_internal INTERFACE)  # what every target inside the tree gets
target_include_directories(manta_internal INTERFACE ${MANTA_INCLUDE_DIR})
target_compile_features(manta_internal INTERFACE cxx_std_20)
target_link_libraries(manta_internal INTERFACE
  manta_warnings manta_sanitizers Threads::Threads TBB::tbb)

# A precompiled header serves all targets with the same flags: library code is compiled with -fPIC,
# test programs are not, hence two.
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
endfunction()

# One libmanta.a out of the folders. Linking it wraps the program's main, so that a process started
# as worker or node never enters the user's; -u main takes it out of gtest_main in any link order.
function(manta_combined_library)
  get_property(folders GLOBAL PROPERTY MANTA_OBJECT_LIBRARIES)
  list(TRANSFORM folders REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)
  add_library(manta STATIC ${objects})
  add_library(manta::manta ALIAS manta)
  set_target_properties(manta PROPERTIES LINKER_LANGUAGE CXX)
  target_compile_features(manta INTERFACE cxx_std_20)
  target_include_directories(manta INTERFACE
    $<BUILD_INTERFACE:${MANTA_INCLUDE_DIR}> $<INSTALL_INTERFACE:include>)
  target_link_options(manta INTERFACE LINKER:--wrap=main LINKER:-u,main)
  target_link_libraries(manta INTERFACE
    Threads::Threads TBB::tbb rt $<BUILD_INTERFACE:manta_sanitizers>)
endfunction()

if(MANTA_BUILD_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
  if(MANTA_PCH)
    _manta_precompile(manta_test_pch test_pch.h)
    target_link_libraries(manta_test_pch PRIVATE GTest::gmock)
  endif()
endif()

function(_manta_gtest_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "CONCURRENT;FULL" "TIMEOUT" "SOURCES;LIBS")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE manta_internal ${arg_LIBS} GTest::gmock GTest::gtest_main)
  _manta_use_precompiled(${name} manta_test_pch)
  set(label unit)
  if(arg_CONCURRENT AND arg_FULL)
    set(label concurrent-full)
  elseif(arg_CONCURRENT)
    set(label concurrent)
  elseif(arg_FULL)
    set(label full)
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
  cmake_parse_arguments(PARSE_ARGV 1 arg "CONCURRENT;FULL" "TIMEOUT" "SOURCES;LIBS")
  get_property(below GLOBAL PROPERTY MANTA_OBJECT_LIBRARIES)
  _manta_gtest_program(${name} ${ARGN} LIBS ${below})
endfunction()

function(manta_test name)
  _manta_gtest_program(${name} ${ARGN} LIBS manta::manta)
endfunction()

function(manta_fuzzer name)
  if(NOT MANTA_BUILD_FUZZERS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "CORPUS" "SOURCES")
  get_property(below GLOBAL PROPERTY MANTA_OBJECT_LIBRARIES)
  add_executable(fuzz_${name} ${arg_SOURCES})
  target_link_libraries(fuzz_${name} PRIVATE manta_internal ${below})
  target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(fuzz_${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzzers)
  if(arg_CORPUS)
    file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${arg_CORPUS}
      ${PROJECT_BINARY_DIR}/fuzzers/fuzz_${name}.corpus SYMBOLIC)
  endif()
endfunction()
