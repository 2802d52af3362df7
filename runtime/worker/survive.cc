#include "survive.h"

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <iterator>
#include <mutex>
#include <unistd.h>
#include <utility>
#include <vector>

#include "../../base/sanitizers.h"
#include "../../base/signal_chain.h"
#include "../ownership/tables.h"

namespace manta::detail {
namespace {

// Where a thread continues when the call that it runs has crashed.
struct WayOut {
  sigjmp_buf place;
  const pid_t process = ::getpid();
  char message[1024] = {};
};
thread_local WayOut* way_out = nullptr;

// The call that has crashed, or null. A child that the call has forked dies by itself; and a crash with the tables lock
// held is Manta's own: everything would wait for the lock for ever.
WayOut* crashed_call() {
  const bool of_a_call = way_out != nullptr && way_out->process == ::getpid();
  return of_a_call && !TablesLock::held_by_this_thread() ? way_out : nullptr;
}

int on_crash(int signal, siginfo_t*, void*) {
  if (WayOut* const out = crashed_call()) siglongjmp(out->place, signal);
  return signal;
}

// Apart, so that the compiler keeps no variable in a register across the jump.
[[gnu::noinline]] int signal_of(const std::function<void()>& run, WayOut& out) {
  const int signal = sigsetjmp(out.place, 1);
  if (signal == 0) run();
  return signal;
}

}  // namespace

CrashesSurvived::CrashesSurvived() {
#ifdef MANTA_SANITIZED  // whose handlers would be the user's, and end the process
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    const struct sigaction none = {};
    ::sigaction(kSignals[i], &none, &of_sanitizer_[i]);
  }
#endif
  base::look_last(nullptr, on_crash);
  for (const int signal : kSignals) base::watch_signal(signal);
}

CrashesSurvived::~CrashesSurvived() {
  for (const int signal : kSignals) base::unwatch_signal(signal);
  base::look_last(nullptr, nullptr);
#ifdef MANTA_SANITIZED
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], &of_sanitizer_[i], nullptr);
  }
#endif
}

Crash survive(const std::function<void()>& run) {
  WayOut out;
  WayOut* const outer = std::exchange(way_out, &out);
  const int signal = signal_of(run, out);
  way_out = outer;
  return {.signal = signal, .message = out.message};
}

void keep_for_ever(void* object) {
  static std::mutex mutex;
  static auto& kept = *new std::vector<void*>;
  const std::lock_guard lock(mutex);
  kept.push_back(object);
}

void end_call_that_wrote(const objectstore::ReadOnlyFault& fault) {
  WayOut* const out = crashed_call();
  if (out == nullptr) return;
  const std::size_t size = std::min(fault.length, std::size(out->message) - 1);
  std::memcpy(out->message, fault.message, size);
  siglongjmp(out->place, SIGSEGV);
}

}  // namespace manta::detail
