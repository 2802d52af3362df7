// Scratch space of this thread for one use: nothing is allocated when it is used again and again. Uses may be nested (a
// serialization hook may put() or submit): an inner one gets space of its own.
//
// Invariants: empty at the begin; cleared at the end, also after an exception, so that it holds nothing on.
// Threads: confined.
#pragma once
#include <memory>

namespace manta::detail {

template <class T>
class Scratch {
 public:
  Scratch() {
    Place& place = here();
    if (place.taken) {
      own_ = std::make_unique<T>();
      space_ = own_.get();
    } else {
      place.taken = true;
      space_ = &place.space;
    }
  }
  ~Scratch() {
    if (own_) return;
    space_->clear();
    here().taken = false;
  }
  Scratch(const Scratch&) = delete;

  T& operator*() const { return *space_; }
  T* operator->() const { return space_; }

 private:
  struct Place {
    T space;
    bool taken = false;
  };
  static Place& here() {
    thread_local Place place;
    return place;
  }

  T* space_;
  std::unique_ptr<T> own_;
};

}  // namespace manta::detail
