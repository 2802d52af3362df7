// Shared ownership with the count inside the object: a Counted is born with a count of 1, which a
// Ref adopts; the last release() destroys it. Half the size of a shared_ptr and one allocation
// fewer, and a Ref can be made from a plain pointer to a living object.
//
//   Ref<Block> block = make_ref<Block>(...);   Ref<Storage> storage = block;
//
// Invariants: the count is above 0 as long as any Ref exists; what once reached 0 never comes back.
// Threads:    retain and release from any; a Ref itself is confined, like a shared_ptr.
// Errors:     none; nothing throws but the constructor of the object.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#include "build_settings.h"

namespace manta::base {

class Counted {
 public:
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  // Adds one reference.
  void retain() const noexcept {
    // SYNC: nothing becomes visible: whoever retains has access already, through a reference it holds.
    count_.fetch_add(1, std::memory_order_relaxed);
  }

  // Adds one reference unless the last one is gone, as a table of plain pointers must; false if it is gone.
  bool try_retain() const noexcept {
    // SYNC: nothing becomes visible, as in retain(): the table's own lock orders the access to the object.
    std::uint32_t count = count_.load(std::memory_order_relaxed);
    while (count != 0) {
      if (count_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

  // Takes one reference away; the last one destroys the object.
  void release() const noexcept {
    // SYNC: release: our use of the object becomes visible to whoever destroys it; acquire: we see the
    // use of all others before we destroy it.
    if (count_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      const_cast<Counted*>(this)->destroy();
    }
  }

  // How many references there are; exact only while no other thread has one.
  std::uint32_t use_count() const noexcept {
    // SYNC: acquire: whoever finds a count of 1 sees what the others did before they released theirs.
    return count_.load(std::memory_order_acquire);
  }

 protected:
  Counted() = default;
  virtual ~Counted() = default;

  // Is called once, when the count has reached 0.
  virtual void destroy() noexcept { delete this; }

 private:
  mutable std::atomic<std::uint32_t> count_{1};
};

// One reference to a T, which is a Counted; or null.
template <class T>
class Ref {
 public:
  using element_type = T;

  constexpr Ref() = default;
  constexpr Ref(std::nullptr_t) {}
  Ref(const Ref& other) noexcept : target_(other.target_) { retain_target(); }
  Ref(Ref&& other) noexcept : target_(std::exchange(other.target_, nullptr)) {}
  template <class U>
    requires std::is_convertible_v<U*, T*>
  Ref(const Ref<U>& other) noexcept : target_(other.get()) {
    retain_target();
  }
  template <class U>
    requires std::is_convertible_v<U*, T*>
  Ref(Ref<U>&& other) noexcept : target_(other.detach()) {}
  ~Ref() {
    if (target_ != nullptr) {
      target_->release();
    }
  }

  Ref& operator=(Ref other) noexcept {
    std::swap(target_, other.target_);
    return *this;
  }

  // Takes over one count, that of a new object for example.
  static Ref adopt(T* target) noexcept {
    Ref ref;
    ref.target_ = target;
    return ref;
  }
  // Adds a count; `target` may be null.
  static Ref retain(T* target) noexcept {
    Ref ref = adopt(target);
    ref.retain_target();
    return ref;
  }
  // Hands its count to the caller and is null afterwards.
  T* detach() noexcept { return std::exchange(target_, nullptr); }

  T* get() const noexcept { return target_; }
  T& operator*() const noexcept { return *target_; }
  T* operator->() const noexcept { return target_; }
  explicit operator bool() const noexcept { return target_ != nullptr; }

  friend bool operator==(const Ref& a, const Ref& b) noexcept { return a.target_ == b.target_; }
  friend bool operator==(const Ref& a, std::nullptr_t) noexcept { return a.target_ == nullptr; }

 private:
  void retain_target() const noexcept {
    if (target_ != nullptr) {
      target_->retain();
    }
  }

  T* target_ = nullptr;
};

// A new T, made of the arguments.
template <class T, class... Args>
Ref<T> make_ref(Args&&... args) {
  return Ref<T>::adopt(new T(std::forward<Args>(args)...));
}

// For a target that is known to be a To.
template <class To, class From>
Ref<To> static_ref_cast(Ref<From> ref) noexcept {
  return Ref<To>::adopt(static_cast<To*>(ref.detach()));
}

}  // namespace manta::base

template <class T>
struct std::hash<manta::base::Ref<T>> {
  std::size_t operator()(const manta::base::Ref<T>& ref) const noexcept {
    return std::hash<T*>()(ref.get());
  }
};
