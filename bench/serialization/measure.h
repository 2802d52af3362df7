// Runs a case: the trials of every library. The libraries take turns, so that a busy minute of a shared machine affects
// all of them. The fastest of the tries counts.
#pragma once
#include "figures.h"

namespace manta::bench {

enum class Pace { kFull, kSmoke };

// Manta's rows and those of the peers in this program.
Table measure(const Case& of, Pace pace);

// Adds CPython's rows to the cases that pickle can do, unless there is no Python. Gives false if it has failed.
bool add_pickle(std::vector<Table>& tables, Pace pace);

// A worker's first get of a struct with a large array, and its next ones.
Row large_get(Pace pace);

}  // namespace manta::bench
