// The control groups that this process is in, and what the kernel writes about them, of version 2 and of version 1.
//
// Threads: any. Errors: files that are missing, cannot be read or make no sense: there is no such group or figure.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "build_settings.h"

namespace manta::base {

struct Cgroup {
  enum class Version { kOne, kTwo };
  Version version = Version::kTwo;
  std::string name;                 // "/user.slice/job.scope"
  std::filesystem::path directory;  // "/sys/fs/cgroup/user.slice/job.scope"
};

// Those of a controller ("memory"), the nearest first, up to where they are mounted. `root` stands for "/" in tests.
std::vector<Cgroup> cgroups(std::string_view controller, const std::filesystem::path& root = "/");

struct MemoryCgroup : Cgroup {
  std::optional<std::uint64_t> kills() const;  // of processes in it, because memory ran out
  std::optional<std::uint64_t> limit() const;  // bytes that it allows
  std::optional<std::uint64_t> used() const;   // bytes in use by all that is in it
  std::filesystem::path limit_file() const;
};
std::vector<MemoryCgroup> memory_cgroups(const std::filesystem::path& root = "/");

// The value of `name` in a file of lines "name value" or "name: value kB".
std::optional<std::uint64_t> kernel_figure(const std::filesystem::path& file,
                                           std::string_view name);

}  // namespace manta::base
