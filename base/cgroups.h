// The cgroups that this process is in, and what they allow: the one reader of them, in version 1 (one tree for each
// controller), in version 2 (one tree for all), and where both are mounted. See cgroups(7) and the kernel's
// Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst.
//
//   /proc/self/cgroup     which cgroup       "4:memory:/a/b", in version 2 "0::/a/b"
//   /proc/self/mountinfo  where it is seen   "... /a /sys/fs/cgroup/memory ... - cgroup cgroup rw,memory"
//
// The limits of all cgroups above hold, too, as far as they are seen: a container, or a namespace of cgroups, sees its
// own part of the tree, whose root has limits as any other cgroup.
// Threads: any. Errors: none; a file that is missing or makes no sense is a limit that is not there.
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

  std::optional<std::uint64_t> memory_limit() const;  // in bytes
  std::filesystem::path memory_limit_file() const;    // the one that says it
  std::optional<std::uint64_t> memory_used() const;   // bytes in use by all that is in it
  // Of these those that the kernel cannot take back without harm: all but what files have in the page cache.
  std::optional<std::uint64_t> memory_unreclaimable() const;
  std::optional<std::uint64_t> memory_kills() const;  // by the kernel, because memory ran out
  // In CPUs, as a quota of time allows them: 1.5 for 150 ms in each 100 ms.
  std::optional<double> cpu_limit() const;
};

// The one that this process is in for a controller ("memory", "cpu", "pids"), and those above it up to where they are
// mounted: the nearest first. `root` stands for "/" in tests.
std::vector<Cgroup> cgroups_of(std::string_view controller,
                               const std::filesystem::path& root = "/");

// The least of what the cgroups of this process allow.
std::optional<double> cpu_limit(const std::filesystem::path& root = "/");
// The same of the memory, in bytes, but at most what the machine has.
std::uint64_t usable_memory(const std::filesystem::path& root = "/");

// The text of a file of /proc or of a cgroup without the newlines at its end; empty if it cannot be read.
std::string read_small_file(const std::filesystem::path& file);
// The number that a text begins with. One that is too large is the largest.
std::optional<std::uint64_t> leading_number(std::string_view text);
// The value of `name` in a file of lines "name value" or "name: value kB", where `name` has the colon.
std::optional<std::uint64_t> figure_in(const std::filesystem::path& file, std::string_view name);
std::optional<std::uint64_t> figure_of(std::string_view text,
                                       std::string_view name);  // of what was read

}  // namespace manta::base
