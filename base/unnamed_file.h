// Files on disk without a name, which are gone when the last process that uses them is, and the room for them.
//
// Threads: any. Errors: an empty Fd, or nothing, with errno. Units: bytes.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>

#include "fd.h"

namespace manta::base {

// To be read and written by this user only.
Fd create_unnamed_file(const std::filesystem::path& directory);

// What this process may still write to the file system of a directory or file.
std::optional<std::uint64_t> free_on_disk(const std::filesystem::path& place);

}  // namespace manta::base
