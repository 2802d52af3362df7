// Holders is how often each process holds one thing (an object, an actor, a block of the store), as its node
// counts it. Whoever hands a reference on counts a hold on the receiver's behalf, over its own ring. So the node
// may see a release before the hold that it belongs to, and the count of one process may be negative for a
// while. The sum decides: when it is zero, and still zero after every ring was swept once, nobody
// holds the thing.
//
// Threads: confined. Units: references. Errors: none.
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "../base/build_settings.h"

namespace manta::scheduler {

using ProcessSlot = std::uint16_t;

class Holders {
 public:
  // `count` more holds of the process; fewer if it is negative.
  void add(ProcessSlot process, std::int64_t count) {
    total_ += count;
    const auto entry = find(process);
    if (entry == counts_.end()) {
      if (count != 0) counts_.emplace_back(process, count);
    } else if ((entry->second += count) == 0) {
      *entry = counts_.back();
      counts_.pop_back();
    }
  }

  // A process that died holds nothing. True if it was known here.
  bool strike(ProcessSlot process) {
    const auto entry = find(process);
    if (entry == counts_.end()) return false;
    add(process, -entry->second);
    return true;
  }

  bool unused() const { return total_ <= 0; }  // nobody holds it, as far as was read
  std::int64_t total() const { return total_; }

  // Calls `visit(process)` for those with a positive count.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [process, count] : counts_) {
      if (count > 0) visit(process);
    }
  }

 private:
  std::vector<std::pair<ProcessSlot, std::int64_t>>::iterator find(ProcessSlot process) {
    return std::ranges::find(counts_, process, &std::pair<ProcessSlot, std::int64_t>::first);
  }

  std::vector<std::pair<ProcessSlot, std::int64_t>> counts_;
  std::int64_t total_ = 0;
};

}  // namespace manta::scheduler
