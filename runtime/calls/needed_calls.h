// The NeededCalls of a thread that waits for objects are the calls of its own process that must run before it can go
// on: those that make the objects, and those that make their arguments. next() names the ones that could run now, in
// turn.
//
//   get(c):   c <- call(b, d)     b <- call(a)     a: made     d: made elsewhere      next(): b's call, then c's
//
// Order: of those that are all needed the newest first, which are the smallest parts of a divided problem; of those of
// which some are enough the oldest first, as they would come without it. Each object is looked at once, but for
// start_again().
// Threads: confined, under the tables lock.
#pragma once
#include <cstddef>
#include <functional>
#include <span>
#include <unordered_set>
#include <vector>

#include "../ownership/object_entry.h"

namespace manta::detail {

class NeededCalls {
 public:
  enum class Order { kNewestFirst, kOldestFirst };
  NeededCalls(std::span<ObjectEntry* const> objects, Order order)
      : objects_(objects), order_(order) {}

  // A call that is queued and that `may_run` accepts; null: there is none (any more).
  const Call* next(const std::function<bool(const Call&)>& may_run);
  void start_again();  // calls came back into the queue

 private:
  struct Step {  // an object, and how many arguments of its call are still to be looked at
    ObjectEntryRef object;
    std::size_t arguments = kUnknown;
  };
  static constexpr std::size_t kUnknown = SIZE_MAX;

  ObjectEntry* next_object();
  ObjectEntry* next_argument(Step& step, const Call& call);

  const std::span<ObjectEntry* const> objects_;
  const Order order_;
  std::size_t looked_at_ = 0;
  std::vector<Step> path_;                       // from one of the objects to what it needs first
  std::unordered_set<const ObjectEntry*> seen_;  // arguments that were looked at
};

}  // namespace manta::detail
