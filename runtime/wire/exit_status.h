// How a process ended that is not our child, so that waitpid() does not tell: read from its zombie, or, when its parent
// has buried it already, from the pidfd (Linux 6.15).
//
// Threads: any. Errors: nullopt when it lives, or the kernel does not tell.
#pragma once
#include <optional>
#include <string>
#include <sys/types.h>

#include "../../base/fd.h"

namespace manta::detail {

// As waitpid() would give it. `process`: a pidfd of `pid`, opened while it was alive.
std::optional<int> exit_status(const base::Fd& process, pid_t pid);

std::string exit_text(int status);    // "with code 1", "by signal 9, SIGKILL (Killed)"
std::string signal_text(int signal);  // "signal 9, SIGKILL (Killed)"

}  // namespace manta::detail
