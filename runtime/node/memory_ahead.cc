#include "memory_ahead.h"

namespace manta::detail::node {

bool memory_is_plenty(std::uint64_t more, const std::vector<base::MemoryCgroup>& cgroups,
                      const std::filesystem::path& root) {
  const auto machine = base::kernel_figure(root / "proc/meminfo", "MemTotal:");
  const auto available = base::kernel_figure(root / "proc/meminfo", "MemAvailable:");
  if (machine && available && *available < *machine / 2 + more / 1024) return false;
  return std::all_of(cgroups.begin(), cgroups.end(), [&](const base::MemoryCgroup& cgroup) {
    const auto limit = cgroup.limit();
    return !limit || cgroup.used().value_or(0) + more <= *limit / 2;
  });
}

}  // namespace manta::detail::node
