// The files below some directories, and their division into batches: consecutive files of about
// kBatchBytes together, the unit of work of one task.
//
//   /usr/include/{a.h b.h c/d.h ...}  -->  files, sorted by path  -->  [a.h b.h] [c/d.h] ...
//                                          (the place in the list is the DocumentId)
//
// As with `grep -r`: symbolic links met on the way and what is no regular file are passed over
// silently; a link that is named as a directory is followed.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "segment.h"
#include "skipped.h"

namespace codesearch {

constexpr std::uint64_t kHugeBytes = 8 << 20;
constexpr std::uint64_t kBatchBytes = 2 << 20;

struct File {
  std::string path;
  std::uint64_t size;  // bytes, when it was listed
};

struct FileList {
  std::vector<File> files;       // neither empty nor huge
  std::vector<Skipped> skipped;  // empty and huge files; directories that cannot be read
  std::uint64_t bytes = 0;       // of `files`
};

// `roots` are directories or files; one that is not there is in `skipped`.
FileList list_files(const std::vector<std::string>& roots);

struct Batch {
  DocumentId first = 0;
  std::vector<std::string> paths;
  std::vector<std::uint32_t> sizes;  // bytes, as listed
};

std::vector<Batch> make_batches(const std::vector<File>& files,
                                std::uint64_t batch_bytes = kBatchBytes);

}  // namespace codesearch
