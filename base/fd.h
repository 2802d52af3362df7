// An Fd owns a file descriptor and closes it.
//
// Invariant: get() is -1 (nothing owned) or a descriptor that nobody else closes.
// Threads: confined, like a unique_ptr. Errors: duplicate() gives an empty Fd and leaves errno.
#pragma once
#include <utility>

#include <manta/base/build_settings.h>

namespace manta::base {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}  // takes it over; -1: empty
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  Fd duplicate() const;  // another descriptor of the same open file, close-on-exec
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);  // closes what it owns; errno stays as it was

 private:
  int fd_ = -1;
};

}  // namespace manta::base
