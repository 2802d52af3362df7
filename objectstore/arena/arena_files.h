// The memory of an arena as files: one sparse memfd, open twice; and for what has no room in memory a file on disk,
// open twice as well.
#pragma once
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "../../base/fd.h"

namespace manta::objectstore {

// As descriptors; those of the overflow are -1 where there is none.
struct ArenaDescriptors {
  int writable = -1;
  int read_only = -1;
  int overflow_writable = -1;
  int overflow_read_only = -1;
};

struct ArenaFiles {
  base::Fd writable = {};
  // Of the same file, opened O_RDONLY: no mapping made from it can become writable.
  base::Fd read_only = {};
  base::Fd overflow_writable = {};
  base::Fd overflow_read_only = {};

  ArenaDescriptors descriptors() const {
    return {writable.get(), read_only.get(), overflow_writable.get(), overflow_read_only.get()};
  }
  // All of them, or none where the process may have no more.
  ArenaFiles duplicate() const;
};

// A memfd of at least `bytes`, in whole slabs, which nobody can resize. Throws std::system_error.
ArenaFiles create_arena_files(std::size_t bytes);

// Adds a sparse file without a name in that of the directories where most is free. Its size, which is given back, is
// what is free there, at most `most` bytes; 0 if no directory will do, whose reasons go to `why_not`. Directories are
// made.
std::size_t add_overflow(ArenaFiles& files, std::span<const std::filesystem::path> directories,
                         std::size_t most, std::string& why_not);

// The directory where the overflow lies, and the bytes that are free there; for messages.
struct OverflowPlace {
  std::string directory = {};
  std::size_t free = 0;
};
OverflowPlace place_of_overflow(int fd);

}  // namespace manta::objectstore
