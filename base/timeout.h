// A Timeout is how long a call may wait. It is made from any duration, also implicitly, so that
// get(ref, 5s) reads well. It saturates: hours::max() is "for ever". Zero means not to wait.
//
// Units: nanoseconds inside. Errors: a negative duration or NaN throws InvalidArgument.
// Threads: a value like any other.
#pragma once
#include <chrono>

#include "build_settings.h"

namespace manta {

using std::chrono::nanoseconds;

namespace base {
[[noreturn]] void throw_negative_timeout();
}

class Timeout {
 public:
  // Rounded down to nanoseconds. Throws InvalidArgument for a negative duration or NaN.
  template <class Rep, class Period>
  constexpr Timeout(std::chrono::duration<Rep, Period> duration) : value_(saturated(duration)) {}

  // How long it is, not negative; nanoseconds::max() stands for ever.
  constexpr nanoseconds value() const { return value_; }
  // Whether it never ends: it was made from at least the 292 years that nanoseconds can count.
  constexpr bool is_forever() const { return value_ == nanoseconds::max(); }

  // The time at which it ends, counted from `now`; time_point::max() when that is beyond the clock.
  std::chrono::steady_clock::time_point deadline(
      std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now()) const;

  auto operator<=>(const Timeout&) const = default;

 private:
  template <class Rep, class Period>
  static constexpr nanoseconds saturated(std::chrono::duration<Rep, Period> duration) {
    const auto seconds = std::chrono::duration<long double>(duration).count();
    if (!(seconds >= 0)) {
      base::throw_negative_timeout();
    }
    constexpr long double kMaxSeconds = 9'223'372'036;  // of nanoseconds::max(), rounded down
    if (seconds >= kMaxSeconds) {
      return nanoseconds::max();
    }
    return std::chrono::duration_cast<nanoseconds>(duration);
  }

  nanoseconds value_;
};

}  // namespace manta
