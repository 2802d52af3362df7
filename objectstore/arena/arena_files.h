// The memory of an arena as files: one sparse memfd, open twice.
#pragma once
#include <cstddef>

#include "../../base/fd.h"

namespace manta::objectstore {

struct ArenaFiles {
  base::Fd writable;
  // Of the same file, opened O_RDONLY: no mapping made from it can become writable.
  base::Fd read_only;
};

// A memfd of at least `bytes`, in whole slabs, which nobody can resize. Throws std::system_error.
ArenaFiles create_arena_files(std::size_t bytes);

}  // namespace manta::objectstore
