// MemoryKills knows whether the kernel has killed processes of this session because memory ran out: the kernel counts
// such kills in each memory cgroup (version 2: memory.events, version 1: memory.oom_control) and, for the whole
// machine, in /proc/vmstat.
//
// A death by SIGKILL that nobody here sent is explained by a count that has grown since: by one, for each explanation.
// Threads: confined. Errors: files that are missing, cannot be read or make no sense count as zero kills, no limit.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "../../base/cgroups.h"

namespace manta::detail::node {

class MemoryKills {
 public:
  // `root` stands for "/" in tests.
  explicit MemoryKills(std::filesystem::path root = "/");

  // "the kernel killed it because memory ran out: ..."; empty if it did not.
  std::string explain_kill();

 private:
  std::string limits() const;

  std::filesystem::path root_;
  std::vector<base::Cgroup> cgroups_;
  std::vector<std::uint64_t> explained_;  // kills, one figure for each of cgroups_
  std::uint64_t explained_of_machine_ = 0;
};

}  // namespace manta::detail::node
