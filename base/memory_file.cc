#include "memory_file.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "signals_blocked.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

namespace manta::base {

Fd create_memory_file(const char* name) {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  Fd file(::memfd_create(name, kFlags | MFD_NOEXEC_SEAL));
  if (!file && errno == EINVAL) file.reset(::memfd_create(name, kFlags));  // an older kernel
  return file;
}

namespace {

int write_all(const Fd& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) return errno;
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

// Whether the signal waits for this thread.
bool is_pending(int signal) {
  sigset_t pending;
  return ::sigpending(&pending) == 0 && ::sigismember(&pending, signal) == 1;
}

}  // namespace

// A signal that was pending before is somebody else's, and stays.
int append(const Fd& file, std::string_view bytes) {
  const SignalsBlocked blocked(SIGXFSZ);
  const bool others = is_pending(SIGXFSZ);
  const int error = write_all(file, bytes);
  if (error == EFBIG && !others && is_pending(SIGXFSZ)) {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGXFSZ);
    const timespec at_once{};
    ::sigtimedwait(&set, nullptr, &at_once);
  }
  return error;
}

}  // namespace manta::base
