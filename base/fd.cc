#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include <manta/base/fd.h>

namespace manta::base {

Fd Fd::duplicate() const { return Fd(::fcntl(fd_, F_DUPFD_CLOEXEC, 0)); }

void Fd::reset(int fd) {
  const int old = std::exchange(fd_, fd);
  if (old < 0 || old == fd) {
    return;
  }
  const int saved_errno = errno;
  ::close(old);  // Linux: the descriptor is gone also after EINTR
  errno = saved_errno;
}

}  // namespace manta::base
