# manta_warnings: how our own code is compiled. manta_sanitizers: what every target of the build
# that links Manta must carry too.

set(CMAKE_CXX_EXTENSIONS OFF)

add_library(manta_warnings INTERFACE)
target_compile_options(manta_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  $<$<BOOL:${MANTA_WERROR}>:-Werror>
  # False alarms of GCC 12: std::string's operator+ (PR105651), std::variant and std::optional.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-maybe-uninitialized;-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-array-bounds>)
if(MANTA_SANITIZE)
  # GCC's false alarm about the frames of Asio's coroutines, where a sanitizer keeps functions from being inlined.
  target_compile_options(manta_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)
endif()
# Asio 1.22 does not know by itself that Clang has coroutines.
target_compile_definitions(manta_warnings INTERFACE
  $<$<CXX_COMPILER_ID:Clang>:ASIO_HAS_CO_AWAIT=1;ASIO_HAS_STD_COROUTINE=1>)
if(MANTA_SANITIZE STREQUAL "thread")
  # ThreadSanitizer does not model fences; code that uses one is tested for its result instead.
  target_compile_options(manta_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
endif()

add_library(manta_sanitizers INTERFACE)
if(MANTA_SANITIZE)
  target_compile_options(manta_sanitizers INTERFACE
    -fsanitize=${MANTA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(manta_sanitizers INTERFACE -fsanitize=${MANTA_SANITIZE})
endif()
