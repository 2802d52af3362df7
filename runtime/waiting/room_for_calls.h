// Calls that have not ended are bounded, by their bytes: 1 GiB in each process, which is four million calls of the
// usual size. A user thread that submits one beyond the bound waits, as long as anything can finish.
//
//   submit: count up --> wait while over the bound --reply: count down--> submit
//
// Errors:  PendingCallsLimit if nothing that was submitted can finish, since every call waits for others.
// Threads: any.
#pragma once
#include "../calls/pending_bytes.h"

namespace manta::detail {

struct Senders;
class WaitingThreads;

void wait_for_half_of_the_calls(WaitingThreads& threads, const Senders& senders);

// Before a call is made: waits while the calls of this process are over the bound.
inline void wait_for_fewer_calls(WaitingThreads& threads, const Senders& senders) {
  if (pending_bytes.count() > PendingBytes::kMost) [[unlikely]] {
    wait_for_half_of_the_calls(threads, senders);
  }
}

}  // namespace manta::detail
