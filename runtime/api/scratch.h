// A Scratch is a T of this thread for one use, whose memory is used again and again. Uses may be nested, since a hook
// of serialization may put() or submit: an inner one gets a T of its own.
//
// Invariants: the T is empty at the beginning, and is cleared at the end, also after an exception, so that it keeps
//             nothing alive. It also works in static destructors, after the thread's own objects are gone.
// Threads: confined.
#pragma once
#include "../../base/thread_own.h"

namespace manta::detail {

template <class T>
class Scratch {
 public:
  Scratch() : space_(base::ThreadSpare<T>::take()) {
    if (space_ == nullptr) space_ = new T;
  }
  ~Scratch() {
    space_->clear();
    base::ThreadSpare<T>::give(space_);
  }
  Scratch(const Scratch&) = delete;

  T& operator*() const { return *space_; }
  T* operator->() const { return space_; }

 private:
  T* space_;
};

}  // namespace manta::detail
