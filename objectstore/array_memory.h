// Where arrays get their memory, for array.h: those of 64 KiB and more in the store of the open session, others on
// the heap.
//
// Threads: any. Units: bytes.
// Errors:  ObjectStoreFull, OutOfMemory, InvalidArgument (for a size beyond the address space).
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

// Memory for `count` elements, which a user fills.
ArrayMemory allocate_array(std::size_t count, std::size_t element_size, Fill fill);
// The memory is filled: gives the address for readers, which is in the read-only mapping if the memory is in the store.
const std::byte* freeze_array(const ArrayMemory& memory);
// On several threads if it is large.
void copy_array(std::byte* to, const std::byte* from, std::size_t size);

}  // namespace manta::detail
