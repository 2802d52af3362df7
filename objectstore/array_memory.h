// Where arrays get their memory, for array.h: from 64 KiB on in the open session's store, else on
// the heap.
//
// Threads: any. Units: bytes. Errors: ObjectStoreFull, OutOfMemory, InvalidArgument (a size beyond
// the address space).
#pragma once
#include <cstddef>

#include "../base/storage.h"

namespace manta::detail {

inline constexpr std::size_t kStoreArraySize = 64 * 1024;

enum class Fill { kNone, kZero };

struct ArrayMemory {
  base::StorageRef storage;       // null for an array of nothing
  std::byte* writable = nullptr;  // 64-byte aligned
};

ArrayMemory allocate_array(std::size_t count, std::size_t element_size, Fill fill);
// Filled: gives the address for readers, in the read-only mapping if it is in the store.
const std::byte* freeze_array(const ArrayMemory& memory);
void copy_array(std::byte* to, const std::byte* from, std::size_t size);

}  // namespace manta::detail
