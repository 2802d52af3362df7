// A worker's handler of fatal signals: leaves the stack in its page of the control memory for the node, then dies of the
// signal as it would have without.
//
// Invariants: allocates nothing; a fault of its own costs the part of the record that it was about; of threads that
//   crash at the same time the first one is told.
// Threads: install once, on the main thread; other threads crash well too, and need a stack for it when theirs overflows:
//   thread_stacks.h.
#pragma once
#include "../../rpc/crash_record.h"

namespace manta::detail {

void install_crash_handler(rpc::CrashRecord& record);

// In a signal handler of a process that exits at once: leaves the stack for the node, as of a death without a signal.
// `context`: the handler's.
void record_crash_stack(void* context);

// In a forked child: the record is its parent's.
void forget_crash_record();

}  // namespace manta::detail
