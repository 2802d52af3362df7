// What happens when user code writes to an immutable array: the kernel sends SIGSEGV, and this
// handler, if the address lies in the object store, prints one line:
//
//   assignment destination is read-only: array of object <id> in <function>; make a copy first: ...
//
// and calls the process's hook: a worker records the message and exits, a driver returns, and the user's
// handler follows, as for every other SIGSEGV (base/signal_chain.h).
//
// Invariants: the handler calls only async-signal-safe functions and allocates nothing.
// Threads:    install and remove: one at a time; set_running_function: of the calling thread.
#pragma once
#include <cstddef>
#include <string_view>

#include "../base/build_settings.h"

namespace manta::objectstore {

class Store;

struct ReadOnlyFault {
  const char* message = nullptr;  // one line, zero-terminated, without the newline
  std::size_t length = 0;
  const void* address = nullptr;
  void* context = nullptr;  // of the signal handler
};

// Runs in the signal handler, after the line was printed. A worker's hook does not return. Null if nothing is to be
// done.
using ReadOnlyFaultHook = void (*)(const ReadOnlyFault&);

// From now on faults in `store` are explained. This replaces an earlier store; `store` must live until
// remove_read_only_fault().
void install_read_only_fault(Store& store, ReadOnlyFaultHook hook);
void remove_read_only_fault();

// The function that this thread runs, for the message; cut at 255 characters. Empty for user code
// outside a task. Of more than 64 threads that run functions, the others have no name.
void set_running_function(std::string_view name) noexcept;

// An alternate signal stack for the calling thread, as long as the object lives, so that the handler also works
// when the thread's stack has overflowed. Does nothing when the thread has one already.
class SignalStack {
 public:
  SignalStack();
  ~SignalStack();
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  void* memory_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace manta::objectstore
