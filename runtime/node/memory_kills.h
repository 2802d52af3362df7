// MemoryKills knows whether the kernel has killed processes of this session because memory ran out: the kernel counts
// such kills in each memory cgroup (version 2: memory.events, version 1: memory.oom_control) and, for the whole
// machine, in /proc/vmstat.
//
// A death by SIGKILL that nobody here sent is explained by a count that has grown since: by one, for each explanation.
// Threads: confined. Errors: files that are missing, cannot be read or make no sense count as zero kills, no limit.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "../../base/build_settings.h"

namespace manta::detail::node {

// A cgroup that this process is in, and those above it up to where they are mounted: the nearest first.
struct MemoryCgroup {
  enum class Version { kOne, kTwo };
  Version version = Version::kTwo;
  std::string name;                 // "/user.slice/job.scope"
  std::filesystem::path directory;  // "/sys/fs/cgroup/user.slice/job.scope"

  std::optional<std::uint64_t> kills() const;
  std::optional<std::uint64_t> limit() const;  // bytes that it allows
  std::optional<std::uint64_t> used() const;   // bytes in use by all that is in it
  std::filesystem::path limit_file() const;
};

// `root` stands for "/" in tests.
std::vector<MemoryCgroup> memory_cgroups(const std::filesystem::path& root = "/");

// Whether the machine and each of the cgroups that has a limit would be at most half full with `more` bytes. Only then
// is memory used that nobody has asked for: whoever asks for the last of it is killed if the kernel finds nobody else.
bool memory_is_plenty(std::uint64_t more, const std::vector<MemoryCgroup>& cgroups,
                      const std::filesystem::path& root = "/");

class MemoryKills {
 public:
  explicit MemoryKills(std::filesystem::path root = "/");

  // "the kernel killed it because memory ran out: ..."; empty if it did not.
  std::string explain_kill();

 private:
  std::string limits() const;

  std::filesystem::path root_;
  std::vector<MemoryCgroup> cgroups_;
  std::vector<std::uint64_t> explained_;  // kills, one figure for each of cgroups_
  std::uint64_t explained_of_machine_ = 0;
};

}  // namespace manta::detail::node
