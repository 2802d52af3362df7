// Where user code calls Manta: "load at jobs/read.cc:12". For the tools, and only with MANTA_CALL_SITES=1, because a
// stack costs some microseconds, and the first one of a place a look at the debug information.
//
// Threads: any. Errors: none.
#pragma once
#include <string>

#include "../../base/build_settings.h"

namespace manta::detail {

bool call_sites_wanted();
// The innermost function of the user on this thread's stack; empty if that is not wanted.
std::string call_site();

}  // namespace manta::detail
