// The options of map, map_reduce and parallel_for: see parallel.h. Threads: values.
#pragma once
#include <cstddef>
#include <string>

#include "../options/options.h"

namespace manta {

// How the elements of a range become tasks.
struct ParallelOptions {
  // How many elements each task works on. 0: as many as take about a millisecond, by how long the same code took
  // before, but so few that each core gets several tasks. 1: each element has a task of its own.
  std::size_t grain = 0;
  // Unless it is empty: shows on stderr how far it is, as wait_with_progress() does, with this label.
  std::string progress = {};
  // Of each task: cpus, resources, name, retries after crashes.
  TaskOptions task = {};
};

}  // namespace manta
