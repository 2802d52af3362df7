// The data of an .npy file, brought into row-major memory as a layout says.
//
// What needs no change is read in one piece. The rest is read in tiles of a few MiB: so many runs of neighbours in the
// file as make whole cache lines in memory, whose elements are written where they belong. In column-major order, seen
// as a matrix of the last index by all others, a tile is
//
//   file:   | run of column c | run of column c + 1 | ...       memory:   row r:  c, c + 1, ...
//
// Errors: those of the source; InvalidArgument for bytes that are no values. Units: bytes. Threads: any.
#pragma once
#include <cstddef>
#include <functional>

#include "../array_memory.h"
#include "npy_layout.h"

namespace manta::detail {

// Where the bytes behind the header come from. read() gives `size` bytes from `offset` on, or throws.
struct NpySource {
  std::function<void(std::size_t offset, std::byte* to, std::size_t size)> read;
  bool any_order = false;  // else from the beginning to the end, each byte once
};

// The elements, in new memory.
ArrayMemory read_npy_data(const NpyLayout& layout, const NpyField& element,
                          const NpySource& source);

}  // namespace manta::detail
