// For a static_assert that fails when its template is instantiated: static_assert(always_false<T>, "why").
//
// Threads: compile time only.
#pragma once
#include "build_settings.h"

namespace manta::base {

template <class...>
inline constexpr bool always_false = false;

}  // namespace manta::base
