#include "unnamed_file.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/statvfs.h>
#include <unistd.h>

namespace manta::base {

// Where the file system has no files without a name, it loses its name at once.
Fd create_unnamed_file(const std::filesystem::path& directory) {
  Fd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd || (errno != EOPNOTSUPP && errno != EISDIR)) return fd;
  std::string name = directory / "spill-XXXXXX";
  fd.reset(::mkostemp(name.data(), O_CLOEXEC));
  if (fd) ::unlink(name.c_str());
  return fd;
}

std::optional<std::uint64_t> free_on_disk(const std::filesystem::path& place) {
  struct statvfs found = {};
  if (::statvfs(place.c_str(), &found) != 0) return std::nullopt;
  return std::uint64_t{found.f_bavail} * found.f_frsize;
}

}  // namespace manta::base
