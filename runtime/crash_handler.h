// A worker's handler of fatal signals: leaves the stack in its page of the control memory for the node, then dies of the
// signal as it would have without.
//
// Threads: install once, on the main thread; other threads crash well too, but for stack overflow (no alternate stack).
#pragma once
#include <manta/rpc/crash_record.h>

namespace manta::detail {

void install_crash_handler(rpc::CrashRecord& record);

}  // namespace manta::detail
