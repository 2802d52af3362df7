// Where the bytes of arrays go that stand in the stream instead of in a buffer: onto the heap, or, while a session is
// open, into the object store, whose readers' mapping is read-only. So every array that user code gets is read-only, of
// whatever size.
//
// Threads: any; set_immutable_memory() is called when sessions begin and end.
#pragma once
#include <cstddef>
#include <span>

#include "../../base/storage.h"

namespace manta::serialization {

using ImmutableMemory = base::StorageRef (*)(std::span<const std::byte> bytes);

base::StorageRef immutable_copy(std::span<const std::byte> bytes);  // aligned to 64 bytes
void set_immutable_memory(ImmutableMemory memory);                  // null for the heap

}  // namespace manta::serialization
