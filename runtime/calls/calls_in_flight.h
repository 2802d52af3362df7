// The calls that are in flight on a lane, by number: a ring of slots, which doubles when the oldest call still lies
// where the next one would go.
//
// Invariants: numbers are given from 1 without gaps; the slots from first() to next() are those in flight, null where
//             the reply has come.
// Threads:    confined.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "call.h"

namespace manta::detail {

class CallsInFlight {
 public:
  std::size_t count() const { return count_; }
  std::uint64_t first() const { return first_; }  // the oldest one; next() if there is none
  std::uint64_t next() const { return next_; }    // of the call that is added next

  void add(base::Ref<Call> call) {
    if (next_ - first_ == capacity_) [[unlikely]] {
      grow();
    }
    slot(next_++) = std::move(call);
    ++count_;
  }
  Call* find(std::uint64_t number) const {  // null: it is not in flight
    return number - first_ < next_ - first_ ? slot(number).get() : nullptr;
  }
  template <class Visit>
  void each(Visit&& visit) const {
    for (std::uint64_t i = first_; i != next_; ++i) {
      if (slot(i) != nullptr) visit(*slot(i));
    }
  }
  base::Ref<Call> take(std::uint64_t number) {  // of find()
    base::Ref<Call> call = std::move(slot(number));
    --count_;
    while (first_ != next_ && slot(first_) == nullptr) ++first_;
    return call;
  }

 private:
  base::Ref<Call>& slot(std::uint64_t number) const { return slots_[number & (capacity_ - 1)]; }
  void grow() {
    const auto old = std::exchange(slots_, std::make_unique<base::Ref<Call>[]>(2 * capacity_));
    const std::size_t mask = std::exchange(capacity_, 2 * capacity_) - 1;
    for (std::uint64_t i = first_; i != next_; ++i) slot(i) = std::move(old[i & mask]);
  }

  std::size_t capacity_ = 8;  // a power of two
  std::unique_ptr<base::Ref<Call>[]> slots_ = std::make_unique<base::Ref<Call>[]>(capacity_);
  std::size_t count_ = 0;
  std::uint64_t first_ = 1;
  std::uint64_t next_ = 1;
};

}  // namespace manta::detail
