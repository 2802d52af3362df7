#include "standard_streams.h"

#include <array>
#include <errno.h>
#include <fcntl.h>
#include <mutex>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace manta::base {
namespace {

struct Reservations {
  std::mutex mutex;
  int count = 0;                  // reservations that exist
  std::array<bool, 3> ours = {};  // the streams that the first of them opened
};
Reservations& reservations = *new Reservations;  // never destroyed: used in static destructors too

// Opens /dev/null until a number above 2 comes. Gives the numbers below 3 that it opened.
std::array<bool, 3> fill() {
  std::array<bool, 3> filled = {};
  for (;;) {
    const int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0 || fd > 2) {
      if (fd > 2) ::close(fd);
      return filled;
    }
    filled[static_cast<std::size_t>(fd)] = true;
  }
}

bool is_dev_null(int fd) {
  struct stat here, null;
  return ::fstat(fd, &here) == 0 && ::stat("/dev/null", &null) == 0 && S_ISCHR(here.st_mode) &&
         here.st_rdev == null.st_rdev;
}

void close_ours() {
  for (int fd = 0; fd < 3; ++fd) {
    // Somebody may have put another file in its place since.
    if (reservations.ours[static_cast<std::size_t>(fd)] && is_dev_null(fd)) ::close(fd);
  }
}

void before_fork() { reservations.mutex.lock(); }
void after_fork_in_parent() { reservations.mutex.unlock(); }
// The child does not have the threads that hold reservations.
void after_fork_in_child() {
  if (std::exchange(reservations.count, 0) > 0) close_ours();
  reservations.mutex.unlock();
}
[[maybe_unused]] const int fork_handlers =
    ::pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);

}  // namespace

StandardStreamsReserved::StandardStreamsReserved() {
  const std::lock_guard lock(reservations.mutex);
  if (reservations.count++ == 0) reservations.ours = fill();
}

StandardStreamsReserved::~StandardStreamsReserved() {
  const int saved_errno = errno;
  const std::lock_guard lock(reservations.mutex);
  if (reservations.count == 0 || --reservations.count > 0) return;  // 0: in a forked child
  close_ours();
  errno = saved_errno;
}

void open_standard_streams() {
  const std::array<bool, 3> filled = fill();
  for (int fd = 0; fd < 3; ++fd) {  // inherited by what the process starts
    if (filled[static_cast<std::size_t>(fd)]) ::fcntl(fd, F_SETFD, 0);
  }
}

}  // namespace manta::base
