#include "memory_monitor.h"

#include <algorithm>
#include <sstream>
#include <unistd.h>

namespace manta::detail::node {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::size_t kMostNamed = 5;

std::string mib(std::uint64_t bytes) { return std::to_string(bytes / kMiB) + " MiB"; }

// What is free is not taken faster than some GiB in a second: what is far from its limit is looked at less often.
constexpr std::chrono::milliseconds kOften{20}, kSometimes{500}, kSeldom{2'000};
constexpr std::uint64_t kFastest = 4 << 20;  // bytes in a millisecond

// So much is kept free: a twentieth.
std::uint64_t reserve(std::uint64_t limit) { return limit / 20; }

}  // namespace

MemoryMonitor::MemoryMonitor(Session session, std::filesystem::path root)
    : session_(std::move(session)),
      root_(std::move(root)),
      cgroups_(base::cgroups_of("memory", root_)) {}

std::chrono::milliseconds MemoryMonitor::seldom(std::uint64_t least_free) {
  return std::clamp(std::chrono::milliseconds(least_free / kFastest), kSometimes, kSeldom);
}

// That whose share in use is the largest.
std::optional<MemoryMonitor::Use> MemoryMonitor::tightest() const {
  std::optional<Use> found;
  std::uint64_t least_free = ~std::uint64_t{0};
  const auto consider = [&](Use use) {
    if (use.limit == 0) return;
    least_free = std::min(least_free, use.limit - std::min(use.limit, use.used));
    const auto share = [](const Use& of) {
      return static_cast<double>(of.used) / static_cast<double>(of.limit);
    };
    if (!found || share(use) > share(*found)) found = std::move(use);
  };
  const std::string memory = base::read_small_file(root_ / "proc/meminfo");
  const auto total = base::figure_of(memory, "MemTotal:");
  const auto available = base::figure_of(memory, "MemAvailable:");
  if (total && available && *available <= *total) {
    consider(
        {.used = (*total - *available) * 1024, .limit = *total * 1024, .where = "the machine has"});
  }
  for (const base::Cgroup& cgroup : cgroups_) {
    // Both cost the kernel a sum over all cores, so that the second is asked for only where it counts.
    const auto limit = cgroup.memory_limit();
    const auto used = limit ? cgroup.memory_unreclaimable() : std::nullopt;
    if (!used) continue;
    consider({.used = *used, .limit = *limit, .where = "its cgroup " + cgroup.name + " allows"});
  }
  if (found) found->least_free = least_free;
  return found;
}

// What ends with the process: shared memory does not.
std::uint64_t MemoryMonitor::private_bytes(pid_t pid) const {
  std::istringstream statm(base::read_small_file(root_ / "proc" / std::to_string(pid) / "statm"));
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  std::uint64_t shared = 0;
  if (!(statm >> size >> resident >> shared) || shared > resident) return 0;
  return (resident - shared) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::optional<MemoryMonitor::Choice> MemoryMonitor::look() {
  const auto use = tightest();
  const bool tight = use && use->used > use->limit - 4 * reserve(use->limit);
  look_after_ = tight ? kOften : seldom(use ? use->least_free : 0);
  if (!use || use->used <= use->limit - reserve(use->limit) || ending_) return std::nullopt;
  std::vector<Worker> workers = session_.workers();
  for (Worker& worker : workers) worker.private_bytes = private_bytes(worker.pid);
  const auto chosen = choose(*use, workers);
  if (!chosen) return std::nullopt;
  ending_ = chosen->slot;
  return Choice{.slot = chosen->slot, .why = text(*use, std::move(workers))};
}

void MemoryMonitor::process_died(rpc::Slot slot) {
  if (ending_ == slot) ending_.reset();
}

std::optional<MemoryMonitor::Worker> MemoryMonitor::choose(const Use& use,
                                                           std::vector<Worker> workers) const {
  std::erase_if(
      workers, [&](const Worker& worker) { return worker.private_bytes < reserve(use.limit) / 2; });
  if (workers.empty()) return std::nullopt;
  const Work first = std::ranges::min(workers, {}, &Worker::work).work;
  std::erase_if(workers, [first](const Worker& worker) { return worker.work != first; });
  const std::uint64_t largest = std::ranges::max(workers, {}, &Worker::private_bytes).private_bytes;
  std::erase_if(workers,
                [largest](const Worker& worker) { return worker.private_bytes < largest / 2; });
  return std::ranges::max(workers, {}, [](const Worker& worker) {
    return std::pair(worker.number, worker.private_bytes);
  });
}

std::string MemoryMonitor::text(const Use& use, std::vector<Worker> workers) const {
  std::string text = "the node ended it because memory runs out: of " + mib(use.limit) +
                     ", which " + use.where + ", " + mib(use.used) + " are in use: object store " +
                     mib(session_.store_bytes());
  for (const pid_t driver : session_.drivers()) {
    text += ", driver " + mib(private_bytes(driver));
  }
  std::ranges::sort(workers, std::ranges::greater(), &Worker::private_bytes);
  for (std::size_t i = 0; i < std::min(workers.size(), kMostNamed); ++i) {
    text += ", worker " + std::to_string(workers[i].pid) + " " + mib(workers[i].private_bytes);
  }
  if (workers.size() > kMostNamed) {
    text += ", " + std::to_string(workers.size() - kMostNamed) + " more workers";
  }
  return text +
         "; let fewer tasks run at a time (TaskOptions::cpus), give them less to hold, or make the "
         "object store smaller (InitOptions::object_store_bytes)";
}

}  // namespace manta::detail::node
