// Whose a directory is and where it lies; its lock, and the race with those that remove it; then what the header
// declares.
#include "session_directory.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "../../base/error.h"

namespace manta::detail {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLockFile = "lock";
constexpr const char* kKeptFile = "kept";

[[noreturn]] void refuse(const fs::path& path, const std::string& why) {
  throw RuntimeError("cannot use the session directory " + path.string() + ": " + why +
                     "; set XDG_RUNTIME_DIR to a short path that this user may write to");
}

// Makes the directory if it does not exist. Gives the reason why it cannot be used; empty if it is this user's and
// nobody else can enter it.
std::string own_directory(const fs::path& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return std::strerror(errno);
  struct stat status;
  if (lstat(path.c_str(), &status) != 0) return std::strerror(errno);
  if (!S_ISDIR(status.st_mode)) return "it is not a directory";
  if (status.st_uid != geteuid()) return "it belongs to another user";
  if ((status.st_mode & 077) != 0) return "other users may enter it (its mode must be 0700)";
  return {};
}

// Where the directories of this user's sessions are. `why` says why there is no such place; else it is empty.
fs::path base_directory(std::string& why) {
  if (const char* runtime = getenv("XDG_RUNTIME_DIR"); runtime != nullptr && *runtime == '/') {
    fs::path path = fs::path(runtime) / "manta";
    if (path.native().size() + 9 <= kMaxDirectoryPath && own_directory(path).empty() &&
        access(path.c_str(), W_OK) == 0) {
      return path;
    }
  }
  fs::path path = "/tmp/manta-" + std::to_string(geteuid());
  why = own_directory(path);
  return path;
}

std::string random_name() {
  std::uint32_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) {
    number = static_cast<std::uint32_t>(getpid());
  }
  char text[16];
  std::snprintf(text, sizeof text, "%08x", number);
  return text;
}

void remove_all_in(const fs::path& base) {
  std::error_code error;
  for (fs::directory_iterator at(base, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    remove_abandoned(at->path());
  }
}

// Whether another node took the directory for an abandoned one before this one had locked it, and removes it.
bool taken_for_abandoned(int lock) {
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) return errno == EWOULDBLOCK;
  struct stat status;
  return fstat(lock, &status) == 0 && status.st_nlink == 0;
}

// The lock file, locked, with a line in it, so that a full file system shows itself here. Empty: the directory has been
// removed meanwhile, and another one must be made.
base::Fd make_lock(const fs::path& directory) {
  const fs::path file = directory / kLockFile;
  base::Fd lock(open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_EXCL, 0600));
  const std::string text = std::to_string(getpid()) + "\n";
  if (lock && taken_for_abandoned(lock.get())) return {};
  if (!lock && errno == ENOENT) return {};
  if (!lock || write(lock.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    const std::string why = std::strerror(errno);
    std::error_code ignored;
    fs::remove_all(directory, ignored);
    refuse(directory, why);
  }
  return lock;
}

}  // namespace

void mark_as_kept(const fs::path& directory) {
  const base::Fd mark(open((directory / kKeptFile).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  if (!mark) refuse(directory, std::strerror(errno));
}

SessionDirectory make_session_directory(bool keep) {
  std::string why;
  const fs::path base = base_directory(why);
  if (!why.empty()) refuse(base, why);
  remove_all_in(base);
  for (;;) {
    const fs::path path = base / random_name();
    if (mkdir(path.c_str(), 0700) == 0) {
      base::Fd lock = make_lock(path);
      if (!lock) continue;
      if (keep) mark_as_kept(path);
      return {.path = path, .lock = std::move(lock)};
    } else if (errno != EEXIST) {
      refuse(path, std::strerror(errno));
    }
  }
}

std::vector<fs::path> running_sessions() {
  std::string why;
  std::vector<fs::path> running;
  std::error_code error;
  for (fs::directory_iterator at(base_directory(why), error);
       !error && at != fs::directory_iterator(); at.increment(error)) {
    const base::Fd lock(open((at->path() / kLockFile).c_str(), O_RDWR | O_CLOEXEC));
    if (lock && flock(lock.get(), LOCK_EX | LOCK_NB) != 0) running.push_back(at->path());
  }
  return running;
}

void remove_all_abandoned() {
  std::string why;
  remove_all_in(base_directory(why));
}

void remove_abandoned(const fs::path& path) {
  using namespace std::chrono_literals;
  std::error_code error;
  if (fs::exists(path / kKeptFile, error)) return;
  const base::Fd lock(open((path / kLockFile).c_str(), O_RDWR | O_CLOEXEC));
  if (lock) {
    if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return;  // in use
  } else {                                                  // just being made, or half removed?
    const auto changed = fs::last_write_time(path, error);
    if (error || fs::file_time_type::clock::now() - changed < 1min) return;
  }
  fs::remove_all(path, error);
}

}  // namespace manta::detail
