// A CallQueue is a queue of calls that are linked through themselves; it owns one count of each. A call can be taken
// out of its middle.
//
// Threads: confined.
#pragma once
#include <cstddef>
#include <utility>

#include "call.h"

namespace manta::detail {

class CallQueue {
 public:
  CallQueue() = default;
  CallQueue(const CallQueue&) = delete;
  ~CallQueue() {
    while (pop_front()) continue;
  }

  bool empty() const { return first_ == nullptr; }
  std::size_t size() const { return size_; }
  Call* front() const { return first_; }  // null: it is empty

  void push_back(base::Ref<Call> owned) {
    Call* const call = owned.detach();
    call->enter_queue(last_);
    if (last_ != nullptr) {
      last_->next = call;
    } else {
      first_ = call;
    }
    last_ = call;
    ++size_;
  }

  // Null: it is empty. Of the first, only the link to the next is looked at: it may be in flight already.
  base::Ref<Call> pop_front() {
    Call* const call = first_;
    if (call == nullptr) return {};
    first_ = call->next_in_queue();
    if (first_ != nullptr) {
      first_->set_previous(nullptr);
    } else {
      last_ = nullptr;
    }
    --size_;
    return base::Ref<Call>::adopt(call);
  }

  base::Ref<Call> take(const Call& queued) {
    Call* const previous = queued.previous();
    if (previous == nullptr) return pop_front();
    Call* const call = previous->next_in_queue();
    previous->next = call->next;
    if (call->next != nullptr) {
      call->next_in_queue()->set_previous(previous);
    } else {
      last_ = previous;
    }
    --size_;
    return base::Ref<Call>::adopt(call);
  }

 private:
  Call* first_ = nullptr;
  Call* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace manta::detail
