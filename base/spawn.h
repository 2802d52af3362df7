// Starts a process from an open executable. It is named by a descriptor, because the program may have been
// found through PATH, and deleted or replaced since.
//
//   parent --clone(VM | VFORK)--> child --execveat--> program            (kChild)
//   parent --clone--> between --clone--> child --execveat--> program     (kOrphan: "between" exits
//                                                     at once, the nearest subreaper inherits the child)
//
// The child gets exactly the descriptors that are listed; all others are closed, also those without
// close-on-exec. Signals that the parent catches are reset, the signal mask is empty, SIGINT is ignored on demand. It
// may run on the cores that this process was started with (start_affinity.h), wherever the calling thread is bound.
// No memory of the parent is copied, so that the cost is the same in a parent of any size.
//
// Threads: any; the calling thread waits until the program runs.
// Errors:  errno of the step that failed, also of execveat.
#pragma once
#include <sys/types.h>
#include <vector>

#include "fd.h"
#include "result.h"

namespace manta::base {

// A descriptor that the child gets.
struct InheritedFd {
  int ours = -1;    // its number here
  int theirs = -1;  // its number in the child
};

enum class Parenthood {
  kChild,   // it ends with us (SIGKILL), even when we are killed
  kOrphan,  // our waitpid(-1) never sees it
};

struct SpawnOptions {
  int program = -1;                   // descriptor of the executable; O_PATH is enough
  const char* const* argv = nullptr;  // both end with a null, as for execve
  const char* const* envp = nullptr;
  std::vector<InheritedFd> descriptors = {};  // 0, 1 and 2 too, if the child is to have them
  int working_directory = -1;                 // a descriptor; -1: ours
  bool ignore_interrupt = false;              // the SIGINT that a terminal sends to a whole group
  bool new_session = false;                   // setsid(): no controlling terminal
  Parenthood parenthood = Parenthood::kChild;
};

struct SpawnError {
  int code = 0;  // errno
};

// The process id of the program, which runs.
Result<pid_t, SpawnError> spawn(const SpawnOptions& options);

}  // namespace manta::base
