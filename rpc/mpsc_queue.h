// An MpscQueue takes items from any thread; one thread at a time takes them all out, oldest first.
// It is intrusive: an item carries the link, and nothing is allocated. User threads submit calls by it.
//
//   push: CAS onto a stack.     pop_all: takes the whole stack with one exchange, and turns it round.
//
// Invariant: an item is in at most one queue. The queue owns nothing.
// Threads:   push and empty: any. pop_all: by whoever holds the right to (the progress baton).
#pragma once
#include <atomic>
#include <utility>

#include "../base/build_settings.h"

namespace manta::rpc {

struct MpscLink {
  MpscLink* next = nullptr;
};

// A list that grew at its front, turned round: the oldest first.
template <class Link>
Link* turned_round(Link* newest) {
  Link* turned = nullptr;
  while (newest != nullptr) {
    Link* const next = std::exchange(newest->next, turned);
    turned = std::exchange(newest, next);
  }
  return turned;
}

// What pop_all() gives: a list in the order of pushing, confined to its taker.
template <class T>
class MpscList {
 public:
  explicit MpscList(MpscLink* first = nullptr) : first_(first) {}
  bool empty() const { return first_ == nullptr; }
  // Null when the list is empty. The item may be pushed again or destroyed at once.
  T* pop_front() {
    if (first_ == nullptr) return nullptr;
    return static_cast<T*>(std::exchange(first_, first_->next));
  }

 private:
  MpscLink* first_;
};

template <class T>  // T derives from MpscLink
class MpscQueue {
 public:
  MpscQueue() = default;
  MpscQueue(const MpscQueue&) = delete;
  MpscQueue& operator=(const MpscQueue&) = delete;

  // True if the queue was empty before.
  bool push(T* item) {
    MpscLink* const link = item;
    MpscLink* top = top_.load(std::memory_order_relaxed);  // SYNC: none: the exchange below decides
    do {
      link->next = top;
      // SYNC: the item, and with it (by the release sequence) those below, become visible to pop_all().
    } while (!top_.compare_exchange_weak(top, link, std::memory_order_seq_cst,
                                         std::memory_order_relaxed));
    return top == nullptr;
  }

  MpscList<T> pop_all() {
    if (empty()) return MpscList<T>();
    // SYNC: all items that were pushed so far become visible to us.
    return MpscList<T>(turned_round(top_.exchange(nullptr, std::memory_order_acquire)));
  }

  // SYNC: sequentially consistent, as push() is: a holder that finds the queue empty and then parks is seen parked by
  // whoever pushes after that.
  bool empty() const { return top_.load(std::memory_order_seq_cst) == nullptr; }

 private:
  alignas(64) std::atomic<MpscLink*> top_{nullptr};
};

}  // namespace manta::rpc
