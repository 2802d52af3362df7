// The time since the machine started, in milliseconds, for messages to people: cheap, and as coarse as the kernel's
// tick (4 ms or so). Threads: any.
#pragma once
#include <cstdint>
#include <ctime>

#include "../../base/build_settings.h"

namespace manta::detail {

inline std::int64_t monotonic_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace manta::detail
