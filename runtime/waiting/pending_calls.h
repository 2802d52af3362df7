// Calls that wait are bounded (api.md 3): by bytes, 1 GiB per process, which is at least two million calls of usual size.
// Beyond that a submitting user thread waits while anything can finish.
//
//   submit: count up --> waits while over the bound --reply: count down--> goes on
//
// Threads: any. Errors: PendingCallsLimit when nothing that was submitted can finish (every call waits for others).
#pragma once
#include <cstdint>

#include "../../base/build_settings.h"

namespace manta::detail {

class Call;
class Process;

void wait_for_room(Process& process);
void count_pending(Process& process, Call& call);  // the call's bytes, until its end

}  // namespace manta::detail
