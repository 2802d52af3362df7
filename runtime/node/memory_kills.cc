#include "memory_kills.h"

namespace manta::detail::node {
namespace {

namespace fs = std::filesystem;

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::uint64_t kMiB = 1 << 20;
  std::string text = std::to_string(bytes) + " bytes";
  if (bytes >= kMiB) text += " (" + std::to_string(bytes / kMiB) + " MiB)";
  return text;
}

}  // namespace

MemoryKills::MemoryKills(fs::path root)
    : root_(std::move(root)), cgroups_(base::cgroups_of("memory", root_)) {
  for (const auto& cgroup : cgroups_) explained_.push_back(cgroup.memory_kills().value_or(0));
  explained_of_machine_ = base::figure_in(root_ / "proc/vmstat", "oom_kill").value_or(0);
}

std::string MemoryKills::explain_kill() {
  const std::uint64_t of_machine = base::figure_in(root_ / "proc/vmstat", "oom_kill").value_or(0);
  const bool machine_grew = of_machine > explained_of_machine_;
  if (machine_grew) ++explained_of_machine_;
  bool grew = false;
  for (std::size_t i = 0; i < cgroups_.size(); ++i) {
    if (cgroups_[i].memory_kills().value_or(0) <= explained_[i]) continue;
    ++explained_[i];
    grew = true;
  }
  if (!grew && !machine_grew) return {};
  // A worker may have gone to a cgroup that is not ours.
  const std::string who = grew ? "the kernel killed it because memory ran out: "
                               : "most likely the kernel killed it because memory ran out (it "
                                 "killed a process of this machine for that reason): ";
  return who + limits() +
         "; let fewer tasks run at a time (TaskOptions::cpus, InitOptions::cpus), give them less "
         "to hold, make the object store smaller (InitOptions::object_store_bytes), or allow more";
}

std::string MemoryKills::limits() const {
  const base::Cgroup* tightest = nullptr;
  std::uint64_t least = UINT64_MAX;
  for (const auto& cgroup : cgroups_) {
    const std::uint64_t limit = cgroup.memory_limit().value_or(UINT64_MAX);
    if (limit >= least) continue;
    least = limit;
    tightest = &cgroup;
  }
  const std::uint64_t machine =
      1024 * base::figure_in(root_ / "proc/meminfo", "MemTotal:").value_or(0);
  if (tightest != nullptr && (machine == 0 || least < machine)) {
    return "its cgroup " + tightest->name + " allows " + bytes_text(least) +
           " for all that is in it (" + tightest->memory_limit_file().string() + ")";
  }
  return "the machine has " + bytes_text(machine) + ", and no cgroup allows less";
}

}  // namespace manta::detail::node
