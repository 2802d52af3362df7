// How a worker ends itself when user code has done something to it after which it cannot continue: its node learns the
// reason from the worker's page of the control memory, which needs no descriptor, no lock and no memory.
//
// Threads: any; of several threads that give up, the first one's reason counts. Errors: none.
#pragma once
#include <chrono>
#include <string_view>

#include "../../rpc/crash_record.h"

namespace manta::detail {

// To be called once, by a worker.
void let_give_up(rpc::CrashRecord& record);
// Whether this process is a worker that has called it, and not its forked child.
bool may_give_up();

// Ends the process at once, without static destructors. The reason is what follows "the worker process ended itself: ".
[[noreturn]] void give_up(std::string_view reason);

// The process is about to call exit(): gives up if that takes longer, because an exit handler or a static destructor
// does not end. Does nothing where there can be no thread for that.
void give_up_unless_ended_within(std::chrono::milliseconds patience);

}  // namespace manta::detail
