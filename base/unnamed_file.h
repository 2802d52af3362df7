// Files on disk without a name: they are gone when the last process that uses them is.
//
// Threads: any. Errors: an empty Fd, with errno.
#pragma once
#include <filesystem>

#include "fd.h"

namespace manta::base {

// To be read and written by this user only.
Fd create_unnamed_file(const std::filesystem::path& directory);

}  // namespace manta::base
