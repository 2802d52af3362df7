#include "memory_ahead.h"

namespace manta::detail::node {

bool memory_is_plenty(std::uint64_t more, const std::vector<base::Cgroup>& cgroups,
                      const std::filesystem::path& root) {
  const auto machine = base::figure_in(root / "proc/meminfo", "MemTotal:");
  const auto available = base::figure_in(root / "proc/meminfo", "MemAvailable:");
  if (machine && available && *available < *machine / 2 + more / 1024) return false;
  return std::all_of(cgroups.begin(), cgroups.end(), [&](const base::Cgroup& cgroup) {
    const auto limit = cgroup.memory_limit();
    return !limit || cgroup.memory_used().value_or(0) + more <= *limit / 2;
  });
}

}  // namespace manta::detail::node
