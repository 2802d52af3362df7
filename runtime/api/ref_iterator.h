// The iterator of a range of refs that come one after the other. It moves a State that the range owns, so that it stays
// valid when the range is moved:
//
//   advance()   makes the next ref the current one; after the last there is none
//   current     an ObjectRef, empty before the first, after the last, and when a wait threw
//
// Threads: confined. Errors: what advance() throws, from ++.
#pragma once
#include <cstddef>
#include <iterator>

#include "../../base/build_settings.h"

namespace manta::detail {

template <class State>
class RefIterator {
 public:
  using value_type = decltype(State::current);
  using difference_type = std::ptrdiff_t;

  explicit RefIterator(State* state) : state_(state) {}  // null: the end

  const value_type& operator*() const { return state_->current; }
  RefIterator& operator++() {
    state_->advance();
    return *this;
  }
  void operator++(int) { ++*this; }
  bool operator==(std::default_sentinel_t) const { return state_ == nullptr || !state_->current; }

 private:
  State* state_;
};

}  // namespace manta::detail
