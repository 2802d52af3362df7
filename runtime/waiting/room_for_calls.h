// Calls that have not ended are bounded, by their bytes: 1 GiB in each process, which is four million calls of the
// usual size. A user thread that submits one beyond the bound waits, as long as anything can finish.
//
//   submit: count up --> wait while over the bound --reply: count down--> submit
//
// Errors:  PendingCallsLimit if nothing that was submitted can finish, since every call waits for others.
// Threads: any.
#pragma once
#include <cstdint>

#include "../../base/build_settings.h"

namespace manta::detail {

class Process;

// Before a call is made: waits while the calls of this process are over the bound.
void wait_for_room(Process& process);

}  // namespace manta::detail
