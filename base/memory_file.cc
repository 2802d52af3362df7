#include <errno.h>
#include <sys/mman.h>

#include <manta/base/memory_file.h>

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

}  // namespace manta::base
