// A node's own number of a job, never used again. A private session has one job, 0; so do the tables' tests.
#pragma once
#include <cstdint>

namespace manta::scheduler {

using JobNumber = std::uint32_t;

}  // namespace manta::scheduler
