// What the node does for the store while cores are idle, in small steps: it gives what is free in the overflow back to
// the disk, corrects the count of memory in use, and commits memory ahead of its use, since to write to fresh memory is
// four times slower than to write to warm memory. It stops at a quarter of the budget, at most 256 MiB, and while
// memory is not plenty: the node must not ask for the last of it, since the kernel may find nobody else to kill.
// Threads: the node's. Errors: none; what cannot be committed is left as it is.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

#include "../../base/cgroups.h"
#include "../../objectstore/arena/arena.h"
#include "../../rpc/control.h"

namespace manta::detail::node {

// Whether the machine and each of the cgroups that has a limit would be at most half full with `more` bytes. Only then
// is memory used that nobody has asked for: whoever asks for the last of it is killed if the kernel finds nobody else.
// `root` stands for "/" in tests.
bool memory_is_plenty(std::uint64_t more, const std::vector<base::Cgroup>& cgroups,
                      const std::filesystem::path& root = "/");

class MemoryAhead {
 public:
  MemoryAhead(objectstore::Arena& arena, const rpc::Control& control, std::uint64_t budget)
      : arena_(arena),
        control_(control),
        keep_(static_cast<std::size_t>(std::min<std::uint64_t>(budget / 4, 256 << 20))) {}

  // Does one step if it may. Gives the time after which it is to be called again.
  std::chrono::milliseconds step() {
    using namespace std::chrono_literals;
    if (std::exchange(first_, false)) {  // the session is starting
      return 100ms;
    }
    const auto now = std::chrono::steady_clock::now();
    if (now >= next_look_) {  // at all slabs
      next_look_ = now + 1s;
      arena_.decommit_overflow();
      arena_.settle();
    }
    const rpc::CoresPage& cores = control_.session().cores;
    // SYNC: none: a snapshot.
    const auto active = cores.active.load(std::memory_order_relaxed);
    if (active >= static_cast<std::int32_t>(cores.cores.load(std::memory_order_relaxed))) {
      return 200ms;
    }
    if (steps_ == 0) {  // reading what the kernel says takes longer than a step
      if (!memory_is_plenty(kStepsAtOnce * kStep, cgroups_)) return 1000ms;
      steps_ = kStepsAtOnce;
    }
    --steps_;
    return arena_.populate_ahead(kStep, keep_) > 0 ? 4ms : 1000ms;
  }

 private:
  static constexpr std::size_t kStep = 2 << 20;
  static constexpr std::size_t kStepsAtOnce = 16;

  objectstore::Arena& arena_;
  const rpc::Control& control_;
  std::size_t keep_;
  std::size_t steps_ = 0;  // for which memory is known to be plenty
  const std::vector<base::Cgroup> cgroups_ = base::cgroups_of("memory");
  std::chrono::steady_clock::time_point next_look_;
  bool first_ = true;
};

}  // namespace manta::detail::node
