// How large the object store's files are, of which a process maps all (options/store_addresses.h): that of the memory,
// and that of the overflow, a sparse file on disk without a name.
//
// The overflow lies in that of InitOptions::spill_dirs where most is free; by default in the session's directory, or,
// if that is on a file system in memory, in /var/tmp. Its size is what is free there, as far as it has addresses. None
// where no directory will do.
//
// Threads: any. Errors: none; why there is no overflow is printed into node.log.
#pragma once
#include <cstddef>
#include <filesystem>
#include <vector>

#include "../../objectstore/arena/arena_files.h"
#include "../options/node_options.h"

namespace manta::detail::node {

// Where what has no room in memory may lie; none where all of them are in memory themselves.
std::vector<std::filesystem::path> spill_directories(
    const NodeOptions& options, const std::filesystem::path& session_directory);
// Of the memory.
std::size_t address_bytes(const NodeOptions& options);
// Adds the overflow to the files. Gives its size in bytes; 0: none.
std::size_t add_overflow_file(objectstore::ArenaFiles& files, const NodeOptions& options,
                              const std::filesystem::path& session_directory);

}  // namespace manta::detail::node
