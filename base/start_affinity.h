// The cores that this process might run on when it was started: those of taskset, a batch system or a container. Not
// those that a thread is bound to by now: libgomp, where OMP_PROC_BIND is set, binds the main thread to one core before
// main, and every process or thread that it started would be on that core.
//
//   program is started --note_start_affinity()--> libraries bind threads --> run_on_start_cores() undoes it
//
// Threads: note_start_affinity() before there are others, the rest any. Errors: where the kernel does not tell the
// cores, none are known, and nothing is bound or undone.
#pragma once
#include <cstddef>

#include "build_settings.h"

namespace manta::base {

struct Affinity {
  unsigned long mask[128] = {};  // a bit for each of 8,192 cores, as sched_setaffinity takes it
  std::size_t bytes = 0;         // of the mask that the kernel has given; 0: unknown

  int cores() const;  // 0: unknown
};

// The first call counts. The program's start makes it before libraries are initialized; where Manta is part of a
// library itself, the library's initialization does.
void note_start_affinity() noexcept;

const Affinity& start_affinity() noexcept;

// For a thread of Manta's own: it gets the cores of the start, whoever started it.
void run_on_start_cores() noexcept;

}  // namespace manta::base
