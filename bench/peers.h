// The same loops with Ray's Python and C++, run by bench/peers/run in a throw-away place, beside ours.
#pragma once
#include <vector>

#include "run_loop.h"

namespace manta::bench {

// Prints the ratios; false when the peers could not be run.
bool compare_with_peers(const std::vector<Outcome>& ours, Effort effort);

}  // namespace manta::bench
