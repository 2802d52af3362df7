// Running a case: every library's trials, the libraries taking turns, so that a busy minute of a shared machine hits
// all of them. The fastest of the tries counts.
#pragma once
#include "figures.h"

namespace manta::bench {

enum class Pace { kFull, kSmoke };

// Manta's rows and those of the peers in this program.
Table measure(const Case& of, Pace pace);

// CPython's rows for the cases that pickle can do; adds nothing when there is no Python. False: it failed.
bool add_pickle(std::vector<Table>& tables, Pace pace);

// A worker's first get of a struct with a large array, and its next ones.
Row large_get(Pace pace);

}  // namespace manta::bench
