// A CompletionWatch is told, once, of each of many objects that becomes done, and keeps the order: what wait(),
// get_each(), as_completed() and wait_with_progress() look at.
//
//   entries  a b a c   --c, then a are done-->   order  3 0 2      indices; those done from the start come first
//
// Its cost is a few instructions for each entry when it is made, when the entry is done, and when the watch goes.
// Looking costs nothing that grows with their number.
// Invariants: (1) it is linked to an entry exactly while that is pending; (2) the first arrived() indices of the order
//             never change.
// Threads:    made and destroyed by any thread, one after the other; completed() runs under the tables lock; arrived()
//             and operator[] may be called from any.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../ownership/object_entry.h"

namespace manta::detail {

class Ownership;
class Tables;

class CompletionWatch {
 public:
  // The caller keeps the entries alive until they are done or the watch goes. Asks the node for those made elsewhere.
  CompletionWatch(Tables& tables, Ownership& ownership, std::span<ObjectEntry* const> entries);
  ~CompletionWatch();
  CompletionWatch(const CompletionWatch&) = delete;
  CompletionWatch& operator=(const CompletionWatch&) = delete;

  // SYNC: acquire pairs with add()'s release: whoever sees the number sees the indices.
  std::size_t arrived() const { return arrived_.load(std::memory_order_acquire); }
  std::size_t operator[](std::size_t at) const { return order_[at]; }  // at < arrived()

  // Under the tables lock: those that are not done of `most` entries, from the first such on. The others may be gone.
  std::vector<ObjectEntry*> pending(std::span<ObjectEntry* const> entries, std::size_t most) const;
  // Under the tables lock: an entry is done now, whose watchers these were.
  static void completed(WatchLink* watchers);

 private:
  void link(ObjectEntry& entry, WatchLink& link);
  static void unlink(WatchLink& link);
  void add(std::size_t index);

  const std::uint32_t session_;
  std::vector<WatchLink> links_;  // of each entry
  std::vector<std::size_t> order_;
  std::atomic<std::size_t> arrived_{0};
  mutable std::size_t done_before_ = 0;  // entries before it are done; under the tables lock
};

}  // namespace manta::detail
