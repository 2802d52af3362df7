// How threads wait that may wait long: in a worker the cpu of the call that runs is lent to others meanwhile, whichever
// thread of the process waits (Executor::Blocked); not at once, so that a short wait costs the node no message.
//
// Threads: any.
#pragma once
#include <chrono>
#include <functional>

#include "../../rpc/progress.h"

namespace manta::detail {

class Process;

inline constexpr std::chrono::milliseconds kToldAfter(10);  // see `meanwhile`

// As Progress::wait(). In a worker: `before_lending` is called when the short wait is over; true: the caller should look
// again, it counts as satisfied. `meanwhile` is called after kToldAfter, and then ever more seldom.
bool wait_lending_cpu(Process& process, rpc::Progress::Waiter& waiter, rpc::Deadline deadline = {},
                      const std::function<bool()>& before_lending = {},
                      const std::function<void()>& meanwhile = {});

}  // namespace manta::detail
