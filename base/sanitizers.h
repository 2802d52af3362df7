// Which sanitizers this file is compiled with, by GCC or Clang: MANTA_ASAN is defined for AddressSanitizer,
// MANTA_TSAN for ThreadSanitizer, MANTA_SANITIZED for either.
#pragma once
#include "build_settings.h"

#if defined(__SANITIZE_ADDRESS__)
#define MANTA_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define MANTA_TSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MANTA_ASAN 1
#elif __has_feature(thread_sanitizer)
#define MANTA_TSAN 1
#endif
#endif

#if defined(MANTA_ASAN) || defined(MANTA_TSAN)
#define MANTA_SANITIZED 1
#endif
