#include "timeout.h"

#include "error.h"

namespace manta {

void base::throw_negative_timeout() {
  throw InvalidArgument("a timeout must not be negative; zero means \"do not wait\"");
}

std::chrono::steady_clock::time_point Timeout::deadline(
    std::chrono::steady_clock::time_point now) const {
  using TimePoint = std::chrono::steady_clock::time_point;
  return value_ > TimePoint::max() - now ? TimePoint::max() : now + value_;
}

}  // namespace manta
