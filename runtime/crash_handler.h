// A worker's handler of fatal signals: leaves the stack in its page of the control memory for the node, then dies of the
// signal as it would have without.
//
// Threads: install once, on the main thread; other threads crash well too, but for stack overflow (no alternate stack).
#pragma once
#include <manta/rpc/crash_record.h>

namespace manta::detail {

void install_crash_handler(rpc::CrashRecord& record);

// In a signal handler of a process that exits at once: leaves the stack for the node, as of a death without a signal.
void record_crash_stack();

// In a forked child: the record is its parent's.
void forget_crash_record();

}  // namespace manta::detail
