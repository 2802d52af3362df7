// Floors: what this machine does at best, without Manta. Every budget is a ratio to one of these,
// measured in the same run (machines are shared and differ from day to day).
//
//   round trips between two processes: spinning on a shared word; parked on a futex; a unix socket
//   copying into shared memory: warm, with 1 and 2 threads; never touched; populating it alone
//   starting a small program and waiting for its end
//   tasks that do nothing, 1000 at a time, of oneTBB's task_group in this process
//
// Each floor is the best of a few tries: a floor is not an average.
// Threads: to be called from one thread, while nothing else runs. Units: in each Figure.
// Errors:  std::system_error if the machine refuses memory or a process.
#pragma once
#include <string>
#include <vector>

namespace manta::bench {

enum class Effort {
  kFull,   // about 5 seconds for all floors
  kSmoke,  // just enough to show that the code works; the numbers mean nothing
};

struct Figure {
  std::string name;
  double value = 0;
  std::string unit;  // "us", "GB/s" (10^9 bytes), "/s"
};

Figure spin_round_trip(Effort effort);         // us
Figure futex_round_trip(Effort effort);        // us
Figure unix_socket_round_trip(Effort effort);  // us
Figure warm_copy(Effort effort, int threads);  // GB/s, memcpy into shared memory used before
Figure cold_copy(Effort effort);               // GB/s, memcpy into never-touched shared memory
Figure populate(Effort effort);                // GB/s, the kernel making shared memory present
Figure spawn_exec_exit(Effort effort);         // /s, one after the other
Figure tbb_task_group(Effort effort);          // /s, with 2 threads

std::vector<Figure> all_floors(Effort effort);

}  // namespace manta::bench
