#include "storage.h"

#include <cstddef>
#include <cstring>
#include <limits>
#include <new>

namespace manta::base {
namespace {

// The bytes follow the record, at the next multiple of the alignment.
constexpr std::size_t kHeader =
    (sizeof(HeapStorage) + kStorageAlignment - 1) / kStorageAlignment * kStorageAlignment;
constexpr std::align_val_t kAlign{kStorageAlignment};

}  // namespace

Storage::~Storage() = default;

HeapStorage::HeapStorage(std::size_t size)
    : Storage(reinterpret_cast<std::byte*>(this) + kHeader, size) {}

Ref<HeapStorage> HeapStorage::create(std::size_t size) {
  // Aligned new rounds the size up; libstdc++ does not look whether that overflows.
  if (size > std::numeric_limits<std::ptrdiff_t>::max() - kHeader - kStorageAlignment) {
    throw std::bad_alloc();
  }
  void* memory = ::operator new(kHeader + size, kAlign);
  return Ref<HeapStorage>::adopt(new (memory) HeapStorage(size));
}

Ref<HeapStorage> HeapStorage::copy_of(std::span<const std::byte> bytes) {
  Ref<HeapStorage> storage = create(bytes.size());
  if (!bytes.empty()) {
    std::memcpy(storage->mutable_data(), bytes.data(), bytes.size());
  }
  return storage;
}

std::byte* HeapStorage::mutable_data() { return reinterpret_cast<std::byte*>(this) + kHeader; }

void HeapStorage::destroy() noexcept {
  this->~HeapStorage();
  ::operator delete(this, kAlign);
}

}  // namespace manta::base
