// How large the object store's files are, of which a process maps all. That of the memory has more addresses than the
// budget can fill, so that free memory in pieces makes room for a large object, too. The overflow is where the store
// goes on when its memory is full of what is in use: a sparse file on disk without a name, behind the memory.
//
// The overflow lies in that of InitOptions::spill_dirs where most is free; by default in the session's directory, or,
// if that is on a file system in memory, in /var/tmp. Its size is what is free there, at most 8 times the store or
// 64 GiB, whatever is more. None where overflow is turned off, where no directory will do, or where the address space
// of a process is limited (ulimit -v), of which all this takes twice its size; then there are no more addresses either.
//
// Threads: any. Errors: none; why there is no overflow is printed into node.log.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "../../objectstore/arena/arena_files.h"
#include "../options/node_options.h"

namespace manta::detail::node {

// Where what has no room in memory may lie; none where all of them are in memory themselves.
std::vector<std::filesystem::path> spill_directories(
    const NodeOptions& options, const std::filesystem::path& session_directory);
// For the memory of a store of so many bytes: 8 times as many, within reason.
std::size_t address_bytes(std::uint64_t budget);
// Adds the overflow to the files. Gives its size in bytes; 0: none.
std::size_t add_overflow_file(objectstore::ArenaFiles& files, const NodeOptions& options,
                              const std::filesystem::path& session_directory);

}  // namespace manta::detail::node
