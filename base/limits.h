// What the system lets a process have, for the messages of what could not be had.
//
// Threads: any. Errors: none; a limit that cannot be read is not named.
#pragma once
#include <exception>
#include <optional>
#include <string>
#include <sys/resource.h>

#include "build_settings.h"

namespace manta::base {

// The soft limit (RLIMIT_AS, ...); nothing if the process has none.
std::optional<rlim_t> limit_of(__rlimit_resource_t resource);

// For the errno of a call that failed for want of processes, descriptors, address space or file size: the name of
// the limit, its value, and what to do, "; the limit on open files (ulimit -n) is 40: ...". For the errno of a call
// that was refused: that a seccomp profile may be the reason. Else empty.
std::string limit_behind(int error);

// error.what(), and the limit behind it if it is a std::system_error or std::bad_alloc.
std::string with_limit(const std::exception& error);

}  // namespace manta::base
