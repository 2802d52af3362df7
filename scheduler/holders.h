// How often each process holds one thing (an object, an actor, a block of the store), as its node
// counts it. Whoever hands a reference on holds it on the receiver's behalf, over its own ring; so
// a release may be seen before the hold it answers, and the count of one process be negative for a
// while. What counts is the sum: at zero, and still zero after every ring was swept once, nobody
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

  bool strike(ProcessSlot process) {  // a dead process holds nothing; true if it was known here
    const auto entry = find(process);
    if (entry == counts_.end()) return false;
    add(process, -entry->second);
    return true;
  }

  bool unused() const { return total_ <= 0; }
  std::int64_t total() const { return total_; }

  template <class Visit>
  void for_each(Visit&& visit) const {  // processes with a positive count
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
