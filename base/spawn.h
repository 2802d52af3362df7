// Starting a process from an open executable: by descriptor, so that the program may have been
// found through PATH, deleted or replaced since.
//
//   parent --clone(VM | VFORK)--> child --execveat--> program            (kChild)
//   parent --clone--> between --clone--> child --execveat--> program     (kOrphan: "between" exits
//                                                     at once, the nearest subreaper inherits the child)
//
// The child gets exactly the descriptors that are listed; all others are closed, also those without
// close-on-exec. Caught signals are reset, the signal mask is empty, SIGINT is ignored on demand.
// No memory of the parent is copied, so it costs the same in a parent of any size.
//
// Threads: any; the calling thread waits until the program runs. Errors: errno of the step that
// failed, also of execveat.
#pragma once
#include <sys/types.h>
#include <vector>

#include "fd.h"
#include "result.h"

namespace manta::base {

struct InheritedFd {
  int ours = -1;
  int theirs = -1;  // its number in the child
};

enum class Parenthood {
  kChild,   // ends with us (SIGKILL), even when we are killed
  kOrphan,  // our waitpid(-1) never sees it
};

struct SpawnOptions {
  int program = -1;  // descriptor of the executable, O_PATH will do
  const char* const* argv = nullptr;
  const char* const* envp = nullptr;
  std::vector<InheritedFd> descriptors = {};  // 0, 1 and 2 too, if it is to have them
  int working_directory = -1;                 // -1: ours
  bool ignore_interrupt = false;              // SIGINT, as the terminal sends it to a whole group
  bool new_session = false;                   // setsid(): no controlling terminal
  Parenthood parenthood = Parenthood::kChild;
};

struct SpawnError {
  int code = 0;  // errno
};

Result<pid_t, SpawnError> spawn(const SpawnOptions& options);

}  // namespace manta::base
