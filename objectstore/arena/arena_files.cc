#include "arena_files.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "../../base/limits.h"
#include "../../base/memory_file.h"
#include "../../base/unnamed_file.h"
#include "arena_sizes.h"

namespace manta::objectstore {
namespace {

void require(bool done, const char* what) {
  if (!done) {
    throw std::system_error(errno, std::system_category(), what);
  }
}

std::string name_of(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

// With its name in /proc it can be opened again, although it has none of its own.
base::Fd reopen_read_only(const base::Fd& file) {
  return base::Fd(::open(name_of(file.get()).c_str(), O_RDONLY | O_CLOEXEC));
}

std::size_t free_in(const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory);
  const auto free = base::free_on_disk(directory);
  require(free.has_value(), "statvfs");
  return *free;
}

// A process may not have files larger than this (ulimit -f).
std::size_t largest_file() { return base::limit_of(RLIMIT_FSIZE).value_or(SIZE_MAX); }

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
  files.read_only = reopen_read_only(files.writable);
  require(files.read_only.get() >= 0,
          "object store: cannot open its memory read-only (is /proc mounted?)");
  return files;
}

ArenaFiles ArenaFiles::duplicate() const {
  ArenaFiles copy{.writable = writable.duplicate(), .read_only = read_only.duplicate()};
  if (overflow_writable) {
    copy.overflow_writable = overflow_writable.duplicate();
    copy.overflow_read_only = overflow_read_only.duplicate();
  }
  const bool complete = copy.writable && copy.read_only &&
                        (!overflow_writable || (copy.overflow_writable && copy.overflow_read_only));
  return complete ? std::move(copy) : ArenaFiles{};
}

std::size_t add_overflow(ArenaFiles& files, std::span<const std::filesystem::path> directories,
                         std::size_t most, std::string& why_not) {
  std::size_t size = 0;
  for (const auto& directory : directories) {
    try {
      const std::size_t free = std::min({free_in(directory), most, largest_file()});
      const std::size_t whole = free / kSlabSize * kSlabSize;
      if (whole <= size) continue;
      base::Fd file = base::create_unnamed_file(directory);
      require(static_cast<bool>(file), "cannot create a file");
      require(::ftruncate(file.get(), static_cast<off_t>(whole)) == 0, "cannot size a file");
      base::Fd read_only = reopen_read_only(file);
      require(static_cast<bool>(read_only), "cannot open a file read-only");
      files.overflow_writable = std::move(file);
      files.overflow_read_only = std::move(read_only);
      size = whole;
    } catch (const std::exception& error) {
      why_not +=
          (why_not.empty() ? "" : "; ") + directory.string() + ": " + base::with_limit(error);
    }
  }
  return size;
}

OverflowPlace place_of_overflow(int fd) {
  OverflowPlace place;
  std::error_code error;
  place.directory = std::filesystem::read_symlink(name_of(fd), error).parent_path().string();
  place.free = base::free_on_disk(name_of(fd)).value_or(0);
  return place;
}

}  // namespace manta::objectstore
