// An ItemStream is what a generator has given to the process that called it: the refs that nobody has taken yet, and
// the one that comes next (decision 034).
//
//   next(), pending --an item arrives--> there --take()--> the user's          and there is another one that comes next
//                  \--the call ends----> the end: void, or the error, which is the last ref
//
// What comes next is the result of the call. So whoever waits for it, asks why, or cancels it does so as with any call.
// A call that is tried again begins anew: as many items as have arrived before are passed over.
// Threads: under the tables lock, but for those that say so.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "../../base/counted.h"
#include "../ownership/object_entry.h"

namespace manta::detail {

class ItemStream final : public base::Counted {
 public:
  // `most` items may wait to be taken; 0: any number.
  ItemStream(ObjectEntryRef first, std::uint64_t most)
      : next_(std::move(first)),
        task_(next_->id().hi(), next_->id().lo()),
        session_(next_->session),
        most_(most) {}

  // ---- of the call
  const ObjectEntryRef& next() const { return next_; }
  // An item of this attempt has arrived. False: it is passed over, since it came before or nobody wants it.
  bool wants_item() {
    if (++of_attempt_ <= arrived_) return false;
    arrived_ = of_attempt_;
    return !dropped_;
  }
  // It is next(); another one follows.
  void add(ObjectEntryRef following) {
    waiting_.push_back(std::exchange(next_, std::move(following)));
  }
  std::uint64_t arrived_in_attempt() const { return of_attempt_; }
  void begin_again() { of_attempt_ = 0; }

  // ---- of whoever reads it
  // The first that has arrived; null if none has: then next() says what follows.
  ObjectEntryRef take() {
    if (waiting_.empty()) return nullptr;
    ObjectEntryRef item = std::move(waiting_.front());
    waiting_.pop_front();
    taken_.fetch_add(1);
    return item;
  }
  const ObjectEntryRef& upcoming() const { return waiting_.empty() ? next_ : waiting_.front(); }
  void drop() {  // nobody reads it any more
    dropped_ = true;
    waiting_.clear();
  }

  // ---- any thread
  const TaskId& task() const { return task_; }  // the call's id, which is that of its first result
  std::uint32_t session() const { return session_; }
  std::uint64_t taken() const { return taken_.load(); }
  bool is_bounded() const { return most_ != 0; }

 private:
  std::deque<ObjectEntryRef> waiting_;
  ObjectEntryRef next_;
  const TaskId task_;
  const std::uint32_t session_;
  const std::uint64_t most_;
  std::uint64_t arrived_ = 0;            // each once
  std::uint64_t of_attempt_ = 0;         // that arrived in this attempt
  std::atomic<std::uint64_t> taken_{0};  // SYNC: none: whoever waits for it looks again
  bool dropped_ = false;
};

}  // namespace manta::detail
