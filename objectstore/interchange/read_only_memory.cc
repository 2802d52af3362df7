#include "read_only_memory.h"

#include <cstring>
#include <string>
#include <sys/mman.h>

#include "../../base/error.h"
#include "../store.h"

namespace manta::objectstore {
namespace {

// A copy in pages of its own that nobody may write to.
class ReadOnlyPages final : public base::Storage {
 public:
  static base::StorageRef copy_of(const void* from, std::size_t size) {
    void* const pages =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) fail(size);
    std::memcpy(pages, from, size);
    if (::mprotect(pages, size, PROT_READ) != 0) {
      ::munmap(pages, size);
      fail(size);
    }
    return base::make_ref<ReadOnlyPages>(static_cast<const std::byte*>(pages), size);
  }
  ReadOnlyPages(const std::byte* pages, std::size_t size) : Storage(pages, size) {}

 private:
  ~ReadOnlyPages() override { ::munmap(const_cast<std::byte*>(data()), size()); }

  [[noreturn]] static void fail(std::size_t size) {
    throw OutOfMemory("the system has no memory for a read-only copy of " + std::to_string(size) +
                      " bytes for another library");
  }
};

bool is_in_read_only_mapping(const base::Storage* storage) {
  return dynamic_cast<const Block*>(storage) != nullptr ||
         dynamic_cast<const ReadOnlyPages*>(storage) != nullptr;
}

base::StorageRef copy_into(Store& store, const void* from, std::size_t size) {
  auto block = store.create(size);
  if (!block.ok()) return ReadOnlyPages::copy_of(from, size);
  std::memcpy((*block)->writable(), from, size);
  (*block)->seal();
  return std::move(*block);
}

}  // namespace

ReadOnlyMemory read_only_memory(base::StorageRef storage, const void* data, std::size_t size) {
  if (size == 0 || is_in_read_only_mapping(storage.get())) {
    return {std::move(storage), static_cast<const std::byte*>(data), false};
  }
  const base::Ref<Store> store = current();
  auto copy = store ? copy_into(*store, data, size) : ReadOnlyPages::copy_of(data, size);
  const std::byte* const bytes = copy->data();
  return {std::move(copy), bytes, true};
}

}  // namespace manta::objectstore
