#include "immutable_memory.h"

#include <atomic>

namespace manta::serialization {
namespace {

std::atomic<ImmutableMemory> current_memory{nullptr};

}  // namespace

base::StorageRef immutable_copy(std::span<const std::byte> bytes) {
  // SYNC: acquire: what the session set up before it named its memory becomes visible to us.
  const ImmutableMemory memory = current_memory.load(std::memory_order_acquire);
  return memory != nullptr ? memory(bytes) : base::StorageRef(base::HeapStorage::copy_of(bytes));
}

void set_immutable_memory(ImmutableMemory memory) {
  current_memory.store(memory, std::memory_order_release);  // SYNC: with immutable_copy()
}

}  // namespace manta::serialization
