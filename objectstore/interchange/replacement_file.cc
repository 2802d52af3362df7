#include "replacement_file.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "../../base/error.h"
#include "../../base/standard_streams.h"

namespace manta::detail {
namespace {

// Where a file named `path` is or would be. Follows the symbolic links at its end, also one that leads to nothing.
std::filesystem::path behind_links(const char* what, std::filesystem::path path) {
  constexpr int kMaxLinks = 40;  // as the kernel allows
  const std::filesystem::path named = path;
  for (int i = 0; i < kMaxLinks; ++i) {
    std::error_code no_link;
    const auto target = std::filesystem::read_symlink(path, no_link);
    if (no_link) return path;
    path = path.parent_path() / target;
  }
  fail_writing(what, named, ELOOP);
}

// A name of its own, which is short, so that it fits where that of the file does.
std::filesystem::path own_name(const std::filesystem::path& path) {
  static std::atomic<unsigned> count{0};  // SYNC: none: the numbers need only differ
  return path.parent_path() / (".manta-" + std::to_string(::getpid()) + "-" +
                               std::to_string(count.fetch_add(1)) + ".part");
}

}  // namespace

void fail_writing(const char* what, const std::filesystem::path& path, int error) {
  const std::string text =
      std::string(what) + ": " + path.string() + ": " + std::system_category().message(error);
  if (error == ENOSPC || error == EDQUOT) throw OutOfDisk(text);
  throw InvalidArgument(text);
}

void write_all(const char* what, int fd, std::span<const std::byte> bytes,
               const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) fail_writing(what, path, errno);
    bytes = bytes.subspan(n > 0 ? static_cast<std::size_t>(n) : 0);
  }
}

ReplacementFile::ReplacementFile(const char* what, const std::filesystem::path& path)
    : what_(what), path_(behind_links(what, path)) {
  const base::StandardStreamsReserved reserved;
  struct stat old = {};
  const bool exists = ::stat(path_.c_str(), &old) == 0;
  if (exists && !S_ISREG(old.st_mode)) {
    throw InvalidArgument(std::string(what_) + ": " + path_.string() +
                          ": it is no regular file, so nothing can take its place");
  }
  if (exists && ::access(path_.c_str(), W_OK) != 0) fail_writing(what_, path_, errno);
  // A process of the same number may have left a file of this name when it was killed.
  for (int tries = 0; tries < 1000; ++tries) {
    own_ = own_name(path_);
    fd_.reset(::open(own_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (fd_ || errno != EEXIST) break;
  }
  if (!fd_) fail_writing(what_, path_, errno);
}

ReplacementFile::~ReplacementFile() {
  if (!committed_) ::unlink(own_.c_str());
}

void ReplacementFile::write(std::span<const std::byte> bytes) {
  write_all(what_, fd_.get(), bytes, path_);
}

void ReplacementFile::take_over_attributes() const {
  struct stat old = {};
  if (::stat(path_.c_str(), &old) != 0) return;
  struct stat ours = {};
  if (::stat(own_.c_str(), &ours) != 0) return;
  if (ours.st_uid != old.st_uid || ours.st_gid != old.st_gid) {
    [[maybe_unused]] const int unprivileged = ::chown(own_.c_str(), old.st_uid, old.st_gid);
  }
  if (::chmod(own_.c_str(), old.st_mode & 07777) != 0) fail_writing(what_, path_, errno);
}

void ReplacementFile::commit() {
  take_over_attributes();
  // A file system may report only now that it could not write.
  if (::close(fd_.release()) != 0 && errno != EINTR) fail_writing(what_, path_, errno);
  if (::rename(own_.c_str(), path_.c_str()) != 0) fail_writing(what_, path_, errno);
  committed_ = true;
}

}  // namespace manta::detail
