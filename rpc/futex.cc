#include "futex.h"

#include <algorithm>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace manta::rpc {
namespace {

timespec to_timespec(std::chrono::steady_clock::time_point point) {
  const auto since =
      std::max(point.time_since_epoch(), std::chrono::steady_clock::duration::zero());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
  timespec out{};
  out.tv_sec = static_cast<time_t>(seconds.count());
  out.tv_nsec = static_cast<long>(std::chrono::nanoseconds(since - seconds).count());
  return out;
}

}  // namespace

void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, Deadline deadline) {
  timespec until{};
  if (deadline) until = to_timespec(*deadline);  // steady_clock is CLOCK_MONOTONIC on Linux
  syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, expected, deadline ? &until : nullptr, nullptr,
          FUTEX_BITSET_MATCH_ANY);
}

void futex_wake(const std::atomic<std::uint32_t>* word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE, count, nullptr, nullptr, 0);
}

}  // namespace manta::rpc
