#include "storage.h"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <new>

#include <gtest/gtest.h>

namespace manta::base {
namespace {

TEST(HeapStorage, IsAlignedAndHasItsSize) {
  for (const std::size_t size : {0U, 1U, 63U, 4096U}) {
    const StorageRef storage = HeapStorage::create(size);
    EXPECT_EQ(storage->size(), size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(storage->data()) % kStorageAlignment, 0U);
  }
}

TEST(HeapStorage, ShowsWhatItsMakerWrote) {
  const auto storage = HeapStorage::create(3);
  storage->mutable_data()[2] = std::byte{7};
  const StorageRef shared = storage;
  EXPECT_EQ(shared->span()[2], std::byte{7});
}

TEST(HeapStorage, CopyIsIndependentOfItsSource) {
  std::array<std::byte, 2> source = {std::byte{1}, std::byte{2}};
  const StorageRef copy = HeapStorage::copy_of(source);
  source[0] = std::byte{9};
  EXPECT_EQ(copy->data()[0], std::byte{1});
  EXPECT_EQ(HeapStorage::copy_of({})->size(), 0U);
}

TEST(HeapStorage, SizeBeyondTheAddressSpaceIsBadAlloc) {
  for (const std::size_t less : std::initializer_list<std::size_t>{0, 64, 100, 120, 128, 192}) {
    EXPECT_THROW(HeapStorage::create(std::numeric_limits<std::size_t>::max() - less),
                 std::bad_alloc);
  }
}

}  // namespace
}  // namespace manta::base
