#include "arena_files.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

#include "../../base/memory_file.h"
#include "arena_sizes.h"

namespace manta::objectstore {
namespace {

void require(bool done, const char* what) {
  if (!done) {
    throw std::system_error(errno, std::system_category(), what);
  }
}

}  // namespace

ArenaFiles create_arena_files(std::size_t bytes) {
  const std::size_t size = (bytes + kSlabSize - 1) / kSlabSize * kSlabSize;
  ArenaFiles files;
  files.writable = base::create_memory_file("manta-store");
  require(files.writable.get() >= 0, "object store: cannot create its memory");
  require(::ftruncate(files.writable.get(), static_cast<off_t>(size)) == 0,
          "object store: cannot size its memory");
  require(::fcntl(files.writable.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0,
          "object store: cannot seal the size of its memory");
  const std::string path = "/proc/self/fd/" + std::to_string(files.writable.get());
  files.read_only.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  require(files.read_only.get() >= 0,
          "object store: cannot open its memory read-only (is /proc mounted?)");
  return files;
}

}  // namespace manta::objectstore
