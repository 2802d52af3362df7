#include "program.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <link.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "../../base/error.h"
#include "../../base/limits.h"

namespace manta::detail {
namespace {

[[noreturn]] void refuse_program(const std::string& path, const std::string& why) {
  throw InvalidArgument("manta::init: InitOptions::worker.path names " + path + ": " + why +
                        "; it must be a program that is linked with manta::manta, or that calls "
                        "manta::run_if_worker()");
}

// A program is run by its descriptor, which works only for an executable of this machine; its first bytes say what it
// is.
void require_native(const std::string& path) {
  const base::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char head[64] = {};
  if (!file || read(file.get(), head, sizeof head) < 2) return;  // it may be run without being read
  if (head[0] == '#' && head[1] == '!') {
    const std::string_view line(head, strnlen(head, sizeof head));
    refuse_program(path, "it is a script (" + std::string(line.substr(0, line.find('\n'))) +
                             "), which cannot be run by descriptor; name the program that it "
                             "starts, and give InitOptions::env what it sets");
  }
  ElfW(Ehdr) theirs, ours;
  static_assert(sizeof theirs <= sizeof head);
  std::memcpy(&theirs, head, sizeof theirs);
  if (std::memcmp(head, ELFMAG, SELFMAG) != 0) refuse_program(path, "it is not an ELF executable");
  const base::Fd self(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  if (!self || read(self.get(), &ours, sizeof ours) != sizeof ours) return;
  if (theirs.e_machine != ours.e_machine || theirs.e_ident[EI_CLASS] != ours.e_ident[EI_CLASS]) {
    refuse_program(path, "it is for another machine (ELF machine " +
                             std::to_string(theirs.e_machine) + ", this program's is " +
                             std::to_string(ours.e_machine) + ")");
  }
}

}  // namespace

base::Fd open_program(const std::string& path) {
  if (path.empty()) {
    base::Fd self(open("/proc/self/exe", O_PATH | O_CLOEXEC));
    if (!self) {
      const int error = errno;
      throw RuntimeError("manta::init: opening /proc/self/exe, of which the workers are made: " +
                         std::string(std::strerror(error)) + base::limit_behind(error));
    }
    return self;
  }
  base::Fd program(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!program) refuse_program(path, std::strerror(errno));
  struct stat status;
  if (fstat(program.get(), &status) != 0) refuse_program(path, std::strerror(errno));
  if (S_ISDIR(status.st_mode)) refuse_program(path, "it is a directory");
  if (!S_ISREG(status.st_mode)) refuse_program(path, "it is not a file");
  if (access(path.c_str(), X_OK) != 0) {
    refuse_program(path, "it cannot be executed (" + std::string(std::strerror(errno)) + ")");
  }
  require_native(path);
  return program;
}

void require_working_directory(const std::string& path) {
  if (path.empty()) return;
  const base::Fd directory(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) {
    throw InvalidArgument("manta::init: InitOptions::working_dir names " + path + ": " +
                          std::strerror(errno));
  }
}

}  // namespace manta::detail
