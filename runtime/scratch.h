// Scratch space of this thread for one use: nothing is allocated when it is used again and again. Uses may be nested (a
// serialization hook may put() or submit): an inner one gets space of its own.
//
// Invariants: empty at the begin; cleared at the end, also after an exception, so that it holds nothing on. Works in
//             static destructors too, after the thread's own objects are gone.
// Threads: confined.
#pragma once
#include <memory>
#include <utility>

namespace manta::detail {

template <class T>
class Scratch {
 public:
  Scratch() {
    if (place_.space == nullptr && !place_.gone) {
      thread_local const Keeper keeper;
      place_.space = new T;
    }
    if (place_.taken || place_.gone) {
      own_ = std::make_unique<T>();
      space_ = own_.get();
    } else {
      place_.taken = true;
      space_ = place_.space;
    }
  }
  ~Scratch() {
    if (own_) return;
    space_->clear();
    place_.taken = false;
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
      delete std::exchange(place_.space, nullptr);
      place_.gone = true;
    }
  };
  static inline constinit thread_local Place place_{};

  T* space_;
  std::unique_ptr<T> own_;
};

}  // namespace manta::detail
