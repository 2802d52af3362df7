// Where this copy of Manta is. libmanta.a becomes part of a program or of a shared library, such as a Python module; a
// process may have several copies then, each with a session of its own.
//
// Threads: any. Errors: none.
#pragma once
#include <string>

#include "../../base/build_settings.h"

namespace manta::detail {

// The path of the shared library that this copy of Manta is part of; empty: it is part of the program.
std::string own_library();

// From now on dlclose() leaves that library where it is: threads and handlers of signals are in there.
void keep_own_library();

// The text of an error: the session needs InitOptions::worker.path.
std::string worker_program_needed();

}  // namespace manta::detail
