// A worker's last words at fatal signals: it leaves the stack in the worker's page of the control memory for the node,
// and then the worker dies of the signal as it would have without a handler. A handler of the user's comes before it
// (base/signal_chain.h), and may recover; one that says something and sends the signal anew is not taken for the place
// of the crash.
//
// Invariants: it allocates nothing; if it faults itself, only the part of the record that it was writing is lost; of
//             several threads that crash at the same time, the record tells of the first.
// Threads:    to be installed once, on the main thread. It serves all threads; one whose stack overflows needs another
//             stack to run it on: worker/thread_stacks.h.
#pragma once
#include "../../rpc/crash_record.h"

namespace manta::detail {

void install_crash_handler(rpc::CrashRecord& record);

// For a signal handler that ends the process by _exit: leaves the stack for the node, as that of a death without a
// signal. `context` is the third argument of the handler.
void record_crash_stack(void* context);

// For a forked child: the record belongs to its parent.
void forget_crash_record();

}  // namespace manta::detail
