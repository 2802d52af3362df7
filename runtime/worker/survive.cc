#include "survive.h"

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

namespace manta::detail {
namespace {

// Where a thread goes on when the call that it runs has crashed.
struct WayOut {
  sigjmp_buf place;
  char message[1024] = {};
};
thread_local WayOut* way_out = nullptr;

void on_crash(int signal, siginfo_t*, void*) {
  if (way_out != nullptr) siglongjmp(way_out->place, signal);
  // Nobody else handled it: the program ends by it, when the instruction runs again or the signal is raised again.
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

// Apart, so that the compiler keeps no variable in a register across the jump.
[[gnu::noinline]] int signal_of(const std::function<void()>& run, WayOut& out) {
  const int signal = sigsetjmp(out.place, 1);
  if (signal == 0) run();
  return signal;
}

}  // namespace

CrashesSurvived::CrashesSurvived() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    struct sigaction action = {};
    action.sa_sigaction = on_crash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigaction(kSignals[i], &action, &before_[i]);
  }
}

CrashesSurvived::~CrashesSurvived() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
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
  if (way_out == nullptr) return;
  const std::size_t size = std::min(fault.length, std::size(way_out->message) - 1);
  std::memcpy(way_out->message, fault.message, size);
  siglongjmp(way_out->place, SIGSEGV);
}

}  // namespace manta::detail
