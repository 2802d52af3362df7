// Finds out how a process died, from waitpid's status and what the process wrote when it crashed, if it did.
// Threads: any. Errors: none; the stack is cut so that the report fits into a message.
#pragma once
#include <sys/types.h>

#include "../../rpc/crash_record.h"
#include "../wire/death_report.h"

namespace manta::detail::node {

// All but `expected` and `output`.
DeathReport describe_death(pid_t pid, int wait_status, const rpc::CrashRecord& crash);

}  // namespace manta::detail::node
