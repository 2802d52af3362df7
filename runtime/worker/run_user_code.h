// One call, from its bytes to its results: what the calls of other processes have in common with those that run in
// place.
//
// Errors: none: what user code throws is the result. Threads: the executor's.
#pragma once
#include <chrono>
#include <cstddef>
#include <span>
#include <string>

#include "running_call.h"

namespace manta::detail {

class Ownership;

// Begins, runs and ends the call. `node` is named by the error that it may end with; `instance` is the object of an
// actor's method, else null. Gives the time of the end.
std::chrono::steady_clock::time_point run_user_code(const Ownership& ownership, const NodeId& node,
                                                    RunningCall& call,
                                                    std::span<const std::byte> frame,
                                                    void* instance);

// Instead of unwinding the thread that runs calls to its end: that of `name` has called pthread_exit().
[[noreturn]] void end_by_pthread_exit(const std::string& name);

}  // namespace manta::detail
