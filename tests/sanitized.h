// Whether the tests run under a sanitizer, which turns some deaths into an exit with a report, and takes memory of its
// own.
#pragma once
#include "../base/sanitizers.h"

namespace manta::testing {

#ifdef MANTA_SANITIZED
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace manta::testing
