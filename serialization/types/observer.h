// A link to an object that something else in the same value owns.
#pragma once
#include "../../base/build_settings.h"

namespace manta {

// A non-owning pointer to something that a std::shared_ptr or std::unique_ptr in the same value owns. It points to the
// same thing after the value was sent. Serializing one that points to anything else throws SerializationError.
// It is a regular value. Threads: as a pointer.
template <class T>
class observer {
 public:
  observer(T* p = nullptr) : p_(p) {}

  T* get() const { return p_; }
  T& operator*() const { return *p_; }
  T* operator->() const { return p_; }
  explicit operator bool() const { return p_ != nullptr; }
  friend bool operator==(const observer&, const observer&) = default;

 private:
  T* p_;
};

}  // namespace manta
