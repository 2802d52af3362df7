// How a process ended that is not our child, so that waitpid() does not tell. It is read from its zombie or, if its
// parent has reaped it already, from the pidfd (Linux 6.15).
//
// Threads: any. Errors: nullopt if the process lives, or if the kernel does not tell.
#pragma once
#include <optional>
#include <string>
#include <sys/types.h>

#include "../../base/fd.h"

namespace manta::detail {

// The status as waitpid() would give it. `process` is a pidfd of `pid` that was opened while that was alive.
std::optional<int> exit_status(const base::Fd& process, pid_t pid);

std::string exit_text(int status);    // "with code 1", "by signal 9, SIGKILL (Killed)"
std::string signal_text(int signal);  // "signal 9, SIGKILL (Killed)"

}  // namespace manta::detail
