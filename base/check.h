// Broken invariants. `check(cond, "why")` is for what our own code guarantees: a false condition
// prints place and reason to stderr and aborts, in every build type. What comes from outside
// (arguments, bytes, other processes) is answered with a Result or an exception instead.
//
// Threads: any.
#pragma once
#include <source_location>

#include "build_settings.h"

namespace manta::base {

// Prints and aborts: what check() does when the condition is false.
[[noreturn]] void check_failed(const char* why, const std::source_location& where) noexcept;

constexpr void check(bool condition, const char* why,
                     const std::source_location& where = std::source_location::current()) noexcept {
  if (!condition) [[unlikely]] {
    check_failed(why, where);
  }
}

}  // namespace manta::base
