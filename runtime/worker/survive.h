// What a local session does when a call crashes: the signal by which a process would die ends the call, and not the
// program. A debugger stops at the signal first, as at any.
//
// The user's handlers come before (base/signal_chain.h), and may recover: only a signal that has none ends the call.
//
// What the call held stays as it is: memory, locks, files. Its thread should run nothing else.
// Threads: any, several at a time. Errors: a signal that no call has raised takes its course, and one in Manta's own
//          code while it holds the tables lock, and one in a child that a call has forked.
#pragma once
#include <array>
#include <csignal>
#include <cstddef>
#include <functional>
#include <string>

#include "../../base/sanitizers.h"
#include "../../objectstore/read_only_fault.h"

namespace manta::detail {

// As long as one exists, survive() works. One at a time; not in a worker.
class CrashesSurvived {
 public:
  CrashesSurvived();
  ~CrashesSurvived();
  CrashesSurvived(const CrashesSurvived&) = delete;

  static constexpr std::array kSignals = {SIGSEGV, SIGBUS,  SIGILL, SIGFPE,
                                          SIGABRT, SIGTRAP, SIGSYS};

#ifdef MANTA_SANITIZED
 private:
  std::array<struct sigaction, kSignals.size()> of_sanitizer_;
#endif
};

struct Crash {
  int signal = 0;       // 0: there was none
  std::string message;  // of a write to a read-only array, else empty
};

// Runs `run`, which does not throw. The calling thread has an alternate signal stack.
Crash survive(const std::function<void()>& run);

// What a crash, or the end of a session, leaves as it is: for a leak checker it is in use, not lost.
void keep_for_ever(void* object);

// For install_read_only_fault(): ends the call that has written to a read-only array, if one has.
void end_call_that_wrote(const objectstore::ReadOnlyFault& fault);

}  // namespace manta::detail
