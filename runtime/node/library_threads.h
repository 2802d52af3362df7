// What libraries in a worker are told by variables of the environment when it starts: how many threads to use, and not
// to bind them to cores.
//
// OpenMP, OpenBLAS and MKL use all cores of the machine unless they are told otherwise; so many tasks at a time would
// each do so. A worker gets OMP_NUM_THREADS, OPENBLAS_NUM_THREADS and MKL_NUM_THREADS, each unless the user has set it:
// in the environment of the driver, or in InitOptions::env.
//
// A driver that binds its threads (OMP_PROC_BIND, OMP_PLACES, GOMP_CPU_AFFINITY, KMP_AFFINITY) does so for one process:
// all workers would bind theirs to the same cores. So that is turned off for them, unless InitOptions::env asks for it.
// Threads: any; reads the environment when it is made.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "../../base/build_settings.h"

namespace manta::detail::node {

class LibraryThreads {
 public:
  using Environment = std::map<std::string, std::string>;
  // InitOptions::env, and the environment of the driver, as "A=1", if it is not this process's.
  explicit LibraryThreads(Environment given,
                          const std::optional<std::vector<std::string>>& drivers = {});

  // Whether any library is told a number; if not, all workers are alike.
  bool differ() const { return !counted_.empty(); }
  // What is given, and what libraries are told beside it, for a worker whose libraries may use `threads`.
  Environment environment(std::uint32_t threads) const;

 private:
  Environment all_;
  std::vector<std::string> counted_;  // the variables that say how many
};

}  // namespace manta::detail::node
