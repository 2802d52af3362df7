// The times that the summary shows. All runs do the same work with the same functions: read, index
// and merge all files, and hold index and texts in memory at the end.
#pragma once
#include <cstddef>

#include "build_index.h"
#include "file_list.h"

namespace codesearch {

// Reads every file once, so that all runs find them in the page cache.
void warm_up(const FileList& files);

// Seconds of one thread of this process: a loop over index_batch, and merge_segments in the same
// tree. No session, no processes, heap memory.
double time_plain_loop(const FileList& files);

// Seconds of build_index in a session of its own with `workers` workers, without its start.
double time_workers(const FileList& files, std::size_t workers);

}  // namespace codesearch
