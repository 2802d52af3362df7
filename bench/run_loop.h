// Runs a loop in a process of its own, bounded in time.
#pragma once
#include <string>

#include "loop.h"

namespace manta::bench {

struct Outcome {
  const Loop* loop = nullptr;
  Measured measured;
  std::string error;  // why there is no value; else empty
};

Outcome run_in_child(const Loop& loop, const Run& run);

}  // namespace manta::bench
