// One call, from its bytes to its results: what is the same for calls of others and for those run in place.
//
// Threads: the executor's.
#pragma once
#include <chrono>
#include <cstddef>
#include <span>

#include "running_call.h"

namespace manta::detail {

// Begins, runs and ends the call; whatever it throws becomes its results. `instance`: of an actor's method, or null.
// Gives the time of its end.
std::chrono::steady_clock::time_point run_user_code(Process& process, RunningCall& call,
                                                    std::span<const std::byte> frame,
                                                    void* instance);

}  // namespace manta::detail
