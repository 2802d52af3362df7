// An Fd owns a file descriptor and closes it.
//
// Invariant: get() is -1 (nothing owned) or a descriptor that nobody else closes, and never 0, 1 or 2: a
//            program that was started without a standard stream, or closed it, must not find one of ours
//            there, into which its next printf would write. What is taken over below 3 is moved.
// Threads: confined, like a unique_ptr. Errors: duplicate() gives an empty Fd and leaves errno, and so does
//          taking over a low number when the process can have no other.
#pragma once
#include <utility>

#include "build_settings.h"

namespace manta::base {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(above_stdio(fd)) {}  // takes it over; of -1 it is empty
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    replace(other.release());
    return *this;
  }
  ~Fd() { replace(-1); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  // Another descriptor of the same open file, close-on-exec.
  Fd duplicate() const;
  // The same with a high number if there is one, for what shall be open as long as the process: user code that closes
  // what is not its own, and opens something else, does not get that number soon.
  static Fd apart(int fd);
  Fd apart() const { return apart(fd_); }
  // The caller owns the descriptor from now on.
  int release() { return std::exchange(fd_, -1); }
  // Closes what it owns and takes over `fd`. errno stays as it was.
  void reset(int fd = -1) { replace(above_stdio(fd)); }

 private:
  static int above_stdio(int fd) { return fd < 0 || fd > 2 ? fd : moved_above_stdio(fd); }
  static int moved_above_stdio(int fd);
  void replace(int fd);

  int fd_ = -1;
};

}  // namespace manta::base
