#include "fd.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace manta::base {

Fd Fd::duplicate() const { return Fd(::fcntl(fd_, F_DUPFD_CLOEXEC, 3)); }

int Fd::moved_above_stdio(int fd) {
  const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
  const int saved_errno = errno;
  ::close(fd);
  errno = saved_errno;
  return moved;
}

// Closing does not touch errno, so that an error path may close before it reports.
void Fd::replace(int fd) {
  const int old = std::exchange(fd_, fd);
  if (old < 0 || old == fd) {
    return;
  }
  const int saved_errno = errno;
  ::close(old);  // on Linux the descriptor is gone after EINTR, too
  errno = saved_errno;
}

}  // namespace manta::base
