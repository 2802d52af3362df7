// The line about a call that runs for long while nobody waits for its result: dropping a ref does not cancel its task.
//
// Threads: any.
#pragma once
#include <cstdint>

#include "call.h"

namespace manta::detail {

// Nothing, if somebody has a ref, or was told before. `ms`: so long it has been running, in that process.
void tell_if_missed(Call& call, std::int64_t ms, int pid);

}  // namespace manta::detail
