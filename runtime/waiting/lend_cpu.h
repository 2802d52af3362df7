// How a thread waits that may have to wait long. In a worker, the CPU of the call that runs is lent to others
// meanwhile, whichever thread of the process waits (Turn::Waits): not at once, so that a short wait costs the node no
// message.
//
// Errors: none; false when the deadline is over. Threads: any.
#pragma once
#include <chrono>
#include <functional>

#include "../../rpc/progress.h"

namespace manta::detail {

class WaitingThreads;

// After this time a wait is told to others: see `meanwhile`.
inline constexpr std::chrono::milliseconds kToldAfter(10);

// As Progress::wait(). In a worker, `before_lending` is called when the short wait is over: if it gives true, the wait
// ends as if it were satisfied, and the caller looks again. `meanwhile` is called after kToldAfter, and then ever more
// seldom.
bool wait_lending_cpu(WaitingThreads& threads, rpc::Progress::Waiter& waiter,
                      rpc::Deadline deadline = {}, const std::function<bool()>& before_lending = {},
                      const std::function<void()>& meanwhile = {});

// For a thread that looks whether the waiter is satisfied, and will look again: in a worker it lends the CPU for a
// moment now and then, so that what it looks for can run.
void lend_cpu_to_what_is_asked_for(WaitingThreads& threads, rpc::Progress::Waiter& waiter);

}  // namespace manta::detail
