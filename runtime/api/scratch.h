// A Scratch is a T of this thread for one use, whose memory is used again and again. Uses may be nested, since a hook
// of serialization may put() or submit: an inner one gets a T of its own.
//
// Invariants: the T is empty at the beginning, and is cleared at the end, also after an exception, so that it keeps
//             nothing alive. It also works in static destructors, after the thread's own objects are gone.
// Threads: confined.
#pragma once
#include <memory>
#include <utility>

#include "../../base/build_settings.h"

namespace manta::detail {

template <class T>
class Scratch {
 public:
  Scratch() {
    if (place.space == nullptr && !place.gone) {
      thread_local const Keeper keeper;
      place.space = new T;
    }
    if (place.taken || place.gone) {
      own_ = std::make_unique<T>();
      space_ = own_.get();
    } else {
      place.taken = true;
      space_ = place.space;
    }
  }
  ~Scratch() {
    if (own_) return;
    space_->clear();
    place.taken = false;
  }
  Scratch(const Scratch&) = delete;

  T& operator*() const { return *space_; }
  T* operator->() const { return space_; }

 private:
  struct Place {  // needs no destructor
    T* space = nullptr;
    bool taken = false;
    bool gone = false;  // the thread is at its end
  };
  struct Keeper {
    Keeper() = default;
    ~Keeper() {
      delete std::exchange(place.space, nullptr);
      place.gone = true;
    }
  };
  static inline constinit thread_local Place place{};

  T* space_;
  std::unique_ptr<T> own_;
};

}  // namespace manta::detail
