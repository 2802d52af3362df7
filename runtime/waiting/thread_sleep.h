// What the kernel says of threads of this process: whether one sleeps in a futex (a join, a future, a condition variable)
// without having run for long, and when one was started. By /proc; what cannot be read is "no".
//
// Threads: a FutexSleep is confined.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <sys/types.h>

#include "../../base/build_settings.h"

namespace manta::detail {

class FutexSleep {
 public:
  explicit FutexSleep(pid_t thread) : thread_(thread) {}

  // Whether it sleeps as it did at a look some time ago, and has not run since.
  bool lasts();

 private:
  const pid_t thread_;
  std::string seen_;  // where it slept, and how often it had gone to sleep
  std::chrono::steady_clock::time_point since_;
};

// Whether this thread was started at `monotonic_ms` or later; up to 20 ms before counts, too.
bool this_thread_started_since(std::int64_t monotonic_ms);

}  // namespace manta::detail
