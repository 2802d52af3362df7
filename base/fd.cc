#include "fd.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace manta::base {
namespace {

constexpr rlim_t kNumbers = 1024;  // a higher one would make the kernel's table of them larger

}  // namespace

Fd Fd::duplicate() const { return Fd(::fcntl(fd_, F_DUPFD_CLOEXEC, 3)); }

Fd Fd::apart(int fd) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    const auto numbers = std::min<rlim_t>(limit.rlim_cur, kNumbers);
    const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, static_cast<int>(numbers / 4 * 3));
    if (copy > 2) return Fd(copy);
  }
  return Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

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
