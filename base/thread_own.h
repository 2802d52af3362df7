// Objects that a thread keeps for itself, and that may be asked for in static destructors too, when the thread's own
// objects are gone. (A thread_local object with a destructor may not be touched any more by then.)
//
// Threads: confined.
#pragma once
#include <utility>

#include "build_settings.h"

namespace manta::base {

// The one T of each thread, made at its first use. Whoever uses it has a type of its own for it.
template <class T>
class ThreadOwn {
 public:
  // Null when the thread's objects are gone.
  static T* get() {
    if (place.own == nullptr && !place.gone) {
      thread_local const Keeper keeper;
      place.own = new T;
    }
    return place.own;
  }

 private:
  struct Place {  // needs no destructor
    T* own = nullptr;
    bool gone = false;
  };
  struct Keeper {
    Keeper() = default;
    ~Keeper() {
      place.gone = true;
      delete std::exchange(place.own, nullptr);
    }
  };
  static inline constinit thread_local Place place{};
};

// At most one T that a thread keeps between two uses, so that its memory is used again. When the thread's objects are
// gone nothing is kept.
template <class T>
class ThreadSpare {
 public:
  // The one that was given last, which belongs to the caller now; null if there is none.
  static T* take() {
    Spare* const spare = ThreadOwn<Spare>::get();
    return spare == nullptr ? nullptr : std::exchange(spare->kept, nullptr);
  }
  // Keeps it, or deletes it if there is one already.
  static void give(T* given) {
    Spare* const spare = ThreadOwn<Spare>::get();
    if (spare != nullptr && spare->kept == nullptr) {
      spare->kept = given;
    } else {
      delete given;
    }
  }

 private:
  struct Spare {
    Spare() = default;
    Spare(const Spare&) = delete;
    ~Spare() { delete kept; }
    T* kept = nullptr;
  };
};

}  // namespace manta::base
