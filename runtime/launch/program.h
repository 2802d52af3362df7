// The executable of which workers are made, and of a private session the node; and the directory in which they run.
//
// Threads: any. Errors: InvalidArgument, with the reason, for what InitOptions::worker.path or working_dir names and is
//          no program or directory; RuntimeError if this program's own cannot be opened.
#pragma once
#include <string>

#include "../../base/fd.h"

namespace manta::detail {

// Opened with O_PATH; an empty path: this program's.
base::Fd open_program(const std::string& path);
void require_working_directory(const std::string& path);  // empty: the driver's

}  // namespace manta::detail
