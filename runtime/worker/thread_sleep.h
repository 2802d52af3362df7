// What the kernel says of threads of this process: whether one has slept for long in a futex (in a join, a future, a
// condition variable), and when one was started. It is read from /proc (see proc(5)); what cannot be read counts as
// "no".
//
// Errors: none. Threads: a FutexSleep is confined.
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

  // Whether the thread sleeps, and has not run for 1.5 s, as far as the calls of lasts() have seen.
  bool lasts();

 private:
  const pid_t thread_;
  // Where it slept at the last look, and how often it had gone to sleep.
  std::string seen_;
  std::chrono::steady_clock::time_point since_;
};

// Whether the calling thread was started at that time or later, or up to 20 ms before it. Milliseconds: launch/clock.h.
bool this_thread_started_since(std::int64_t monotonic_ms);

}  // namespace manta::detail
