#include <algorithm>
#include <cstring>
#include <sys/stat.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../base/error.h"
#include "../../base/file_tree_fixture.h"
#include "../arena_fixture.h"
#include "arena.h"

namespace manta::objectstore {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr OwnerTag kAnna = 1;
constexpr OwnerTag kBert = 2;

class OverflowTest : public testing::Test {
 protected:
  std::uint64_t blocks_on_disk() const {
    struct stat found = {};
    ::fstat(fixture_.files.overflow_writable.get(), &found);
    return static_cast<std::uint64_t>(found.st_blocks) * 512;
  }
  std::vector<std::uint64_t> fill_memory() {
    std::vector<std::uint64_t> offsets;
    for (std::size_t i = 0; i < 16; ++i) offsets.push_back(anna_.allocate(kMiB)->offset);
    return offsets;
  }

  const base::FileTree tree_;
  ArenaFixture fixture_{16 * kMiB, 64 * kMiB, tree_.root()};
  Arena anna_ = fixture_.arena(kAnna);
  Arena bert_ = fixture_.arena(kBert);
  Arena node_ = fixture_.arena(kNodeTag);
};

TEST_F(OverflowTest, WhatMemoryHasNoRoomForLiesInAFileWithoutAName) {
  fill_memory();
  EXPECT_EQ(blocks_on_disk(), 0U);
  const auto large = anna_.allocate(20 * kMiB).value();
  const auto small = anna_.allocate(100).value();
  EXPECT_TRUE(anna_.is_overflow(large.offset));
  EXPECT_TRUE(anna_.is_overflow(small.offset));
  EXPECT_TRUE(large.zeroed);
  EXPECT_EQ(anna_.readable(large.offset)[20 * kMiB - 1], std::byte{0});
  std::memset(anna_.writable(large.offset), 42, 20 * kMiB);
  std::memset(anna_.writable(small.offset), 43, 100);
  anna_.seal(large.offset);
  EXPECT_EQ(bert_.readable(large.offset)[20 * kMiB - 1], std::byte{42});
  EXPECT_EQ(bert_.readable(small.offset)[99], std::byte{43});
  EXPECT_TRUE(bert_.contains(bert_.readable(large.offset)));
  EXPECT_EQ(bert_.offset_of(bert_.readable(large.offset)), large.offset);
  EXPECT_EQ(bert_.block_at(large.offset + 5 * kMiB).offset, large.offset);
  EXPECT_GE(blocks_on_disk(), 20 * kMiB) << "it is committed before it is handed out";
  EXPECT_TRUE(std::filesystem::is_empty(tree_.root()));
  const StoreStats stats = bert_.stats();
  EXPECT_EQ(stats.capacity, 16 * kMiB);
  EXPECT_EQ(stats.used, 16 * kMiB);
  EXPECT_EQ(stats.spilled, 20 * kMiB + 128);
  EXPECT_EQ(stats.objects, 18U);
}

TEST_F(OverflowTest, MemoryComesFirstAgainWhenItHasRoom) {
  const auto in_memory = fill_memory();
  const auto on_disk = anna_.allocate(3 * kMiB)->offset;
  anna_.free(on_disk);
  for (std::size_t i = 0; i < 3; ++i) anna_.free(in_memory[i]);
  EXPECT_FALSE(anna_.is_overflow(anna_.allocate(3 * kMiB)->offset));
  EXPECT_TRUE(anna_.is_overflow(anna_.allocate(3 * kMiB)->offset));
}

TEST_F(OverflowTest, WhatIsFreedIsUsedAgainAndGivenBackToTheDisk) {
  fill_memory();
  const auto first = anna_.allocate(30 * kMiB)->offset;
  anna_.free(first);
  EXPECT_EQ(bert_.allocate(30 * kMiB)->offset, first);
  const auto other = bert_.allocate(100)->offset;
  bert_.free(first);
  bert_.free(other);
  bert_.trim();
  EXPECT_GE(node_.decommit_overflow(), 30 * kMiB);
  EXPECT_LE(blocks_on_disk(), kMiB);
  const auto again = anna_.allocate(30 * kMiB).value();
  EXPECT_EQ(again.offset, first);
  EXPECT_EQ(anna_.readable(again.offset)[0], std::byte{0});
}

TEST_F(OverflowTest, ABlockLargerThanMemoryLiesThere) {
  EXPECT_TRUE(anna_.is_overflow(anna_.allocate(60 * kMiB)->offset));
  EXPECT_EQ(anna_.allocate(20 * kMiB).error(), StoreError::kFull);
  EXPECT_EQ(anna_.allocate(65 * kMiB).error(), StoreError::kTooLarge);
  EXPECT_FALSE(anna_.is_overflow(anna_.allocate(16 * kMiB)->offset));
}

TEST_F(OverflowTest, WhatADeadProcessOwnedThereIsFree) {
  fill_memory();
  while (anna_.allocate(10 * kMiB).ok()) {
  }
  while (anna_.allocate(1000).ok()) {
  }
  node_.sweep(kAnna);
  EXPECT_EQ(node_.stats().objects, 0U);
  EXPECT_EQ(node_.stats().spilled, 0U);
  EXPECT_FALSE(bert_.is_overflow(bert_.allocate(16 * kMiB)->offset));
  EXPECT_TRUE(bert_.allocate(60 * kMiB).ok());
}

// The disk is full behind the first 4 MiB: a file that may not grow.
TEST(OverflowOfAFullDisk, IsAnErrorAndTakesNothing) {
  ArenaFixture fixture(16 * kMiB);
  fixture.files.overflow_writable = std::move(create_arena_files(4 * kMiB).writable);
  fixture.files.overflow_read_only = fixture.files.overflow_writable.duplicate();
  const ArenaSize size{.memory = 16 * kMiB, .overflow = 64 * kMiB};
  const SharedMemory metadata(Arena::metadata_size(size));
  Arena::initialize(metadata.data(), Arena::metadata_size(size), size);
  Arena arena(fixture.files.descriptors(), metadata.data(), kAnna);
  const auto memory = arena.allocate(16 * kMiB).value();
  EXPECT_EQ(arena.allocate(20 * kMiB, Population::kLater).error(), StoreError::kNoDisk);
  const auto fits = arena.allocate(3 * kMiB).value();
  EXPECT_TRUE(arena.is_overflow(fits.offset));
  EXPECT_EQ(arena.allocate(20 * kMiB).error(), StoreError::kNoDisk);
  EXPECT_TRUE(arena.allocate(100).ok());
  EXPECT_EQ(arena.allocate(100'000).error(), StoreError::kNoDisk);
  EXPECT_EQ(arena.stats().spilled, 3 * kMiB + 128);
  arena.free(memory.offset);
  EXPECT_FALSE(arena.is_overflow(arena.allocate(16 * kMiB)->offset));
}

TEST_F(OverflowTest, RoomIsFoundInEitherPart) {
  const auto in_memory = fill_memory();
  EXPECT_TRUE(node_.has_room(64 * kMiB));
  EXPECT_FALSE(node_.has_room(65 * kMiB));
  const auto on_disk = anna_.allocate(60 * kMiB)->offset;
  EXPECT_TRUE(node_.has_room(4 * kMiB));
  const auto rest = anna_.allocate(4 * kMiB)->offset;
  EXPECT_FALSE(node_.has_room(kMiB));
  EXPECT_FALSE(node_.has_room(100));
  anna_.free(on_disk);
  EXPECT_TRUE(node_.has_room(60 * kMiB));
  EXPECT_TRUE(anna_.allocate(60 * kMiB).ok());
  EXPECT_FALSE(node_.has_room(100));
  anna_.free(in_memory[3]);
  EXPECT_TRUE(node_.has_room(kMiB));
  EXPECT_TRUE(node_.has_room(100));
  anna_.free(rest);
}

TEST_F(OverflowTest, OneIsToldThatItIsUsed) {
  EXPECT_TRUE(bert_.note_overflow());
  EXPECT_FALSE(bert_.note_overflow());
  EXPECT_FALSE(anna_.note_overflow());
}

TEST_F(OverflowTest, ErrorsNameThePlace) {
  const auto store = fixture_.store(5);
  const auto said = [&](StoreError error) -> std::string {
    try {
      throw_store_error(error, 12345, *store);
    } catch (const RuntimeError& thrown) {
      return thrown.what();
    }
  };
  EXPECT_THAT(said(StoreError::kNoDisk),
              AllOf(HasSubstr("12345 bytes"), HasSubstr(tree_.root().string()),
                    HasSubstr("bytes are free"), HasSubstr("spill_dirs")));
  EXPECT_THROW(throw_store_error(StoreError::kNoDisk, 1, *store), OutOfDisk);
  EXPECT_THAT(said(StoreError::kFull), HasSubstr("0 of 67108864 bytes in a file in "));
}

TEST(OverflowFile, LiesWhereMostIsFreeAndSaysWhatWillNotDo) {
  const base::FileTree tree;
  tree.write("file", "");
  const std::filesystem::path directories[] = {tree.root() / "file", tree.root() / "new" / "deep"};
  ArenaFiles files;
  std::string why_not;
  EXPECT_EQ(add_overflow(files, directories, 3 * kMiB + 5, why_not), 3 * kMiB);
  EXPECT_THAT(why_not, HasSubstr("/file: "));
  const OverflowPlace place = place_of_overflow(files.overflow_writable.get());
  EXPECT_EQ(place.directory, (tree.root() / "new" / "deep").string());
  EXPECT_GT(place.free, 0U);
}

}  // namespace
}  // namespace manta::objectstore
