#include "array_memory.h"

#include <string>

#include "../base/error.h"
#include "arena/parallel_copy.h"
#include "store.h"

namespace manta::detail {
namespace {

using objectstore::Block;
using objectstore::Store;

ArrayMemory from_store(Store& store, std::size_t size, Fill fill) {
  auto block = store.create(size);
  if (!block.ok()) {
    objectstore::throw_store_error(block.error(), size, store);
  }
  (*block)->lend_to_user();
  std::byte* const writable = (*block)->writable();
  if (fill == Fill::kZero && !(*block)->zeroed()) {
    objectstore::parallel_zero(writable, size);
  }
  return {std::move(*block), writable};
}

ArrayMemory from_heap(std::size_t size, Fill fill) {
  auto heap = base::HeapStorage::create(size);
  std::byte* const writable = heap->mutable_data();
  if (fill == Fill::kZero) {
    objectstore::parallel_zero(writable, size);
  }
  return {std::move(heap), writable};
}

}  // namespace

ArrayMemory allocate_array(std::size_t count, std::size_t element_size, Fill fill) {
  std::size_t size = 0;
  if (__builtin_mul_overflow(count, element_size, &size)) {
    throw InvalidArgument("array: " + std::to_string(count) + " elements of " +
                          std::to_string(element_size) +
                          " bytes are more than the address space holds");
  }
  if (size == 0) {
    return {};
  }
  if (size >= kStoreArraySize) {
    if (const base::Ref<Store> store = objectstore::current()) {
      return from_store(*store, size, fill);
    }
  }
  return from_heap(size, fill);
}

const std::byte* freeze_array(const ArrayMemory& memory) {
  if (memory.storage == nullptr) {
    return nullptr;
  }
  if (memory.writable != memory.storage->data()) {
    // It is in the store, where it was written through the other mapping; or it is a forked child's own copy of that.
    auto& block = static_cast<Block&>(*memory.storage);
    if (block.abandoned()) return memory.writable;
    block.seal();
  }
  return memory.storage->data();
}

void copy_array(std::byte* to, const std::byte* from, std::size_t size) {
  objectstore::parallel_copy(to, from, size);
}

}  // namespace manta::detail
