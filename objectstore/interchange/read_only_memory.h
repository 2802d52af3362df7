// What goes to other libraries as read-only lies in a read-only mapping, of whatever size: some of them ignore that
// they may not write (dlpack.h says which), but the kernel does not. Arrays of the store are in one; others (small
// ones, those made without a session, those of other libraries) are copied into the store, or, without a session,
// into pages of their own.
//
// Threads: any.   Units: bytes.   Errors: OutOfMemory.
#pragma once
#include <cstddef>

#include "../../base/storage.h"

namespace manta::objectstore {

struct ReadOnlyMemory {
  base::StorageRef storage;
  const std::byte* data = nullptr;
  bool copied = false;
};

// `data`, of `size` bytes, lies in `storage`.
ReadOnlyMemory read_only_memory(base::StorageRef storage, const void* data, std::size_t size);

}  // namespace manta::objectstore
