// A MemoryMonitor ends a worker before the kernel must: the kernel would take whichever process is largest, and what
// that was doing is lost. It looks at what cannot be reclaimed, of the machine and of each cgroup that has a limit.
//
//   plenty --above 95 %--> short: the worker to end is chosen --it is buried--> plenty, or short
//
// The choice: idle workers first, since nothing is lost with them; then tasks that will be tried again, then other
// tasks, then actors. Among these the newest of those that are at least half as large as the largest. None, if the end
// of each would give back next to nothing: then it is not our processes that have the memory.
// Threads: confined. Units: bytes. Errors: what cannot be read is no limit.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "../../base/cgroups.h"
#include "../../rpc/lane.h"

namespace manta::detail::node {

class MemoryMonitor {
 public:
  enum class Work : std::uint8_t { kIdle, kTriedAgain, kLastAttempt, kActor };
  struct Worker {
    rpc::Slot slot = 0;
    pid_t pid = 0;
    Work work = Work::kIdle;
    std::uint64_t number = 0;         // of a newer task or actor it is larger
    std::uint64_t private_bytes = 0;  // filled in by the monitor
  };
  struct Session {
    std::function<std::vector<Worker>()> workers;
    std::function<std::uint64_t()> store_bytes;  // what the object store has in memory
    std::function<std::vector<pid_t>()> drivers;
  };
  struct Choice {
    rpc::Slot slot = 0;
    std::string why;  // for people
  };

  // `root` stands for "/" in tests.
  explicit MemoryMonitor(Session session, std::filesystem::path root = "/");

  // Whom to end now, if anybody.
  std::optional<Choice> look();
  void process_died(rpc::Slot slot);
  // When to look again.
  std::chrono::milliseconds look_after() const { return look_after_; }

 private:
  struct Use {
    std::uint64_t used = 0;
    std::uint64_t limit = 0;
    std::string where;
    std::uint64_t least_free = 0;  // bytes, of all that there are limits for
  };
  std::optional<Use> tightest() const;
  static std::chrono::milliseconds seldom(std::uint64_t least_free);
  std::optional<Worker> choose(const Use& use, std::vector<Worker> workers) const;
  std::uint64_t private_bytes(pid_t pid) const;
  std::string text(const Use& use, std::vector<Worker> workers) const;

  const Session session_;
  const std::filesystem::path root_;
  const std::vector<base::Cgroup> cgroups_;
  std::optional<rpc::Slot> ending_;  // its memory is not back yet
  std::chrono::milliseconds look_after_{500};
};

}  // namespace manta::detail::node
