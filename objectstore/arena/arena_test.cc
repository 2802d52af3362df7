#include "arena.h"

#include <cstring>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <vector>

#include <gtest/gtest.h>

#include "../arena_fixture.h"
#include "slab_table.h"

namespace manta::objectstore {
namespace {

constexpr OwnerTag kAnna = 1;
constexpr OwnerTag kBert = 2;

class ArenaTest : public testing::Test {
 protected:
  std::uint64_t allocate(Arena& arena, std::size_t size) {
    const auto found = arena.allocate(size);
    EXPECT_TRUE(found.ok());
    return found->offset;
  }
  void fill(Arena& arena, std::uint64_t offset, std::size_t size, int value) {
    std::memset(arena.writable(offset), value, size);
  }

  ArenaFixture fixture_{32 * kMiB};
  Arena anna_ = fixture_.arena(kAnna);
  Arena bert_ = fixture_.arena(kBert);
};

TEST_F(ArenaTest, WhatOneProcessFillsAnotherReads) {
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{1000}, 300'000 * std::size_t{1}, 5 * kMiB}) {
    const std::uint64_t offset = allocate(anna_, size);
    fill(anna_, offset, size, 42);
    EXPECT_EQ(bert_.readable(offset)[0], std::byte{42});
    EXPECT_EQ(bert_.readable(offset)[size - 1], std::byte{42});
    anna_.seal(offset);
    EXPECT_EQ(anna_.readable(offset)[size / 2], std::byte{42});
  }
}

TEST_F(ArenaTest, BlocksAreAlignedAndDoNotOverlap) {
  std::vector<std::pair<std::uint64_t, std::size_t>> blocks;
  for (std::size_t size = 1; size < 2 * kMiB; size = size * 3 + 1) {
    for (int i = 0; i < 3; ++i) {
      blocks.emplace_back(allocate(i == 1 ? bert_ : anna_, size), size);
    }
  }
  for (const auto& [offset, size] : blocks) {
    EXPECT_EQ(offset % (size >= kMiB ? 4096 : 64), 0u);
    for (const auto& [other, other_size] : blocks) {
      EXPECT_TRUE(other == offset || other >= offset + size || other + other_size <= offset);
    }
  }
}

TEST_F(ArenaTest, FreedMemoryIsUsedAgainFirst) {
  for (const std::size_t size : {std::size_t{1024}, 3 * kMiB}) {
    const std::uint64_t first = allocate(anna_, size);
    anna_.free(first);
    EXPECT_EQ(allocate(anna_, size), first);
  }
}

// What was freed last is warm.
TEST_F(ArenaTest, OfSeveralTheNewestIsUsedAgainFirst) {
  const std::uint64_t one = allocate(anna_, 3 * kMiB), two = allocate(anna_, 3 * kMiB),
                      three = allocate(anna_, 3 * kMiB);
  anna_.free(one);
  anna_.free(three);
  anna_.free(two);
  EXPECT_EQ(allocate(anna_, 3 * kMiB), two);
  EXPECT_EQ(allocate(anna_, 3 * kMiB), three);
  EXPECT_EQ(allocate(anna_, 3 * kMiB), one);
}

TEST_F(ArenaTest, SealedMemoryIsWritableWhenUsedAgain) {
  const std::uint64_t offset = allocate(anna_, 2 * kMiB);
  anna_.seal(offset);
  bert_.free(offset);
  ASSERT_EQ(allocate(anna_, 2 * kMiB), offset);
  fill(anna_, offset, 2 * kMiB, 7);
}

TEST_F(ArenaTest, WritingToASealedBlockIsAFault) {
  for (const bool sealed : {false, true}) {
    const int status = ended(in_process([&] {
      Arena arena = fixture_.arena(kBert);  // a child does not inherit mappings
      const std::uint64_t offset = arena.allocate(kMiB)->offset;
      if (sealed) {
        arena.seal(offset);
      }
      ::signal(SIGSEGV, SIG_DFL);
      fill(arena, offset, 1, 1);
    }));
    EXPECT_EQ(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, sealed);
  }
}

TEST_F(ArenaTest, ReadOnlyMappingCannotBeMadeWritable) {
  void* const base = const_cast<std::byte*>(anna_.read_base());
  EXPECT_NE(::mprotect(base, 4096, PROT_READ | PROT_WRITE), 0);
}

TEST_F(ArenaTest, MemoryNeverUsedIsZeroAndSaysSo) {
  const auto fresh = anna_.allocate(3 * kMiB);
  EXPECT_TRUE(fresh->zeroed);
  EXPECT_EQ(anna_.readable(fresh->offset)[2 * kMiB], std::byte{0});
  anna_.free(fresh->offset);
  EXPECT_FALSE(anna_.allocate(3 * kMiB)->zeroed);
}

TEST_F(ArenaTest, FullAndTooLargeAreDifferent) {
  EXPECT_EQ(anna_.allocate(33 * kMiB).error(), StoreError::kTooLarge);
  const std::uint64_t offset = allocate(anna_, 32 * kMiB);
  EXPECT_EQ(bert_.allocate(1).error(), StoreError::kFull);
  EXPECT_EQ(bert_.allocate(kMiB).error(), StoreError::kFull);
  anna_.free(offset);
  EXPECT_TRUE(bert_.allocate(1).ok());
}

TEST_F(ArenaTest, TheWholeArenaIsUsableAfterSmallBlocksCameAndWent) {
  std::vector<std::uint64_t> blocks;
  for (int i = 0; i < 30'000; ++i) {
    blocks.push_back(allocate(i % 2 == 0 ? anna_ : bert_, static_cast<std::size_t>(i % 1000 + 1)));
  }
  for (const std::uint64_t block : blocks) {
    bert_.free(block);
  }
  EXPECT_EQ(anna_.stats().used, 0u);
  bert_.trim();
  const auto all = anna_.allocate(32 * kMiB);
  EXPECT_TRUE(all.ok());
}

TEST_F(ArenaTest, WhatIdleProcessesKeepEmptyIsThereForOthers) {
  for (std::size_t size = 64; size < 500'000; size *= 2) {
    anna_.free(allocate(anna_, size));
  }
  const auto all = bert_.allocate(32 * kMiB);
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(anna_.allocate(64).error(), StoreError::kFull);
  bert_.free(all->offset);
  EXPECT_TRUE(anna_.allocate(64).ok());
}

TEST_F(ArenaTest, SmallBlocksUseTheWholeBudget) {
  int count = 0;
  while (anna_.allocate(1000).ok()) {
    ++count;
  }
  EXPECT_EQ(count, 32 * 1024);
}

TEST_F(ArenaTest, StatsCountLiveBlocks) {
  const std::uint64_t small = allocate(anna_, 1000);
  const std::uint64_t large = allocate(anna_, 2 * kMiB);
  EXPECT_EQ(bert_.stats().used, 1024 + 2 * kMiB);
  EXPECT_EQ(bert_.stats().objects, 2u);
  EXPECT_EQ(bert_.stats().capacity, 32 * kMiB);
  anna_.hand_over(large, kNodeTag);
  EXPECT_EQ(bert_.stats().pinned, 1024u);
  bert_.free(small);
  bert_.free(large);
  EXPECT_EQ(anna_.stats().used, 0u);
}

TEST_F(ArenaTest, SweepFreesWhatTheDeadOwnedAndKeepsWhatItHandedOver) {
  for (const std::size_t size : {std::size_t{100}, 2 * kMiB}) {
    allocate(anna_, size);
    const std::uint64_t given = allocate(anna_, size);
    anna_.hand_over(given, kBert);
  }
  bert_.sweep(kAnna);
  EXPECT_EQ(bert_.stats().objects, 2u);
  bert_.sweep(kBert);
  EXPECT_EQ(bert_.stats().used, 0u);
}

// A process dies, or stops, while it tags a block: whoever looks sees that nobody has it.
TEST_F(ArenaTest, ATagThatIsBeingSetIsNobodys) {
  const auto offset = anna_.allocate(1000)->offset;
  ASSERT_EQ(anna_.stats().objects, 1U);
  const std::size_t size = anna_.block_at(offset).size;
  SlabTable table(fixture_.metadata.data());
  const std::size_t next = offset % kSlabSize / size == 0 ? 1 : 0;
  table.tag(offset / kSlabSize, next).store(tentative(kBert));
  EXPECT_EQ(anna_.stats().objects, 1U);
  ASSERT_EQ(anna_.largest(5).size(), 1U);
  EXPECT_EQ(anna_.largest(5)[0].owner, kAnna);
  EXPECT_EQ(anna_.block_at(offset / kSlabSize * kSlabSize + next * size).owner, kNobody);
  anna_.sweep(kBert);
  EXPECT_EQ(table.tag(offset / kSlabSize, next).load(), kNobody);
}

TEST_F(ArenaTest, FindsTheBlockAroundAnOffset) {
  const std::uint64_t small = allocate(anna_, 1000);
  const std::uint64_t large = allocate(anna_, 3 * kMiB);
  EXPECT_EQ(bert_.block_at(small + 999).offset, small);
  EXPECT_EQ(bert_.block_at(large + 2 * kMiB).offset, large);
  EXPECT_EQ(bert_.block_at(large + 2 * kMiB).owner, kAnna);
  EXPECT_EQ(bert_.block_at(20 * kMiB).size, 0u);
}

TEST_F(ArenaTest, AMillionMegabytesCostNothingUpFront) {
  constexpr std::size_t kHuge = std::size_t{1} << 38;
  ArenaFixture huge(kHuge);
  Arena arena = huge.arena(kAnna);
  EXPECT_EQ(arena.capacity(), kHuge);
  EXPECT_TRUE(arena.allocate(100).ok());
  EXPECT_TRUE(arena.allocate(10 * kMiB).ok());
}

TEST_F(ArenaTest, PopulatedAheadMemoryIsStillKnownToBeZero) {
  while (anna_.populate_ahead(kMiB, 16 * kMiB) != 0) {
  }
  EXPECT_TRUE(anna_.allocate(8 * kMiB)->zeroed);
}

TEST_F(ArenaTest, TheMemoryOfASpilledSlabIsFreeUntilItsBlocksAre) {
  constexpr std::size_t kSize = 100'000;
  constexpr std::size_t kInSlab = 9;
  ArenaFixture fixture(ArenaSize{.memory = 32 * kMiB, .addresses = 64 * kMiB});
  Arena node = fixture.arena(kNodeTag), anna = fixture.arena(kAnna), bert = fixture.arena(kBert);
  std::vector<std::uint64_t> blocks;
  for (std::size_t i = 0; i < kInSlab; ++i) blocks.push_back(allocate(anna, kSize));
  const std::uint64_t slab = blocks[0] / kSlabSize * kSlabSize;
  ASSERT_EQ(blocks.back() / kSlabSize * kSlabSize, slab);
  for (int i = 0; i < 3; ++i) {  // which anna remembers
    anna.free(blocks.back());
    blocks.pop_back();
  }
  ASSERT_EQ(node.spillable(0, 1).size(), 1U);
  ASSERT_TRUE(node.begin_spill(slab));
  EXPECT_EQ(node.spillable(0, 1).size(), 0U);
  EXPECT_EQ(node.blocks_in(slab).size(), blocks.size());
  EXPECT_EQ(bert.block_at(blocks[1] + 5).bytes, RunBytes::kSpilling);
  const std::uint64_t elsewhere = allocate(anna, kSize);
  EXPECT_NE(elsewhere / kSlabSize * kSlabSize, slab);
  anna.free(blocks.back());
  blocks.pop_back();
  node.end_spill(slab);
  EXPECT_EQ(bert.block_at(blocks[1]).bytes, RunBytes::kOnDisk);
  EXPECT_EQ(bert.block_at(blocks[1]).owner, kAnna);
  const StoreStats stats = node.stats();
  const std::size_t room = class_size(size_class_of(kSize));
  EXPECT_EQ(stats.spilled, blocks.size() * room);
  EXPECT_EQ(stats.used, room);
  EXPECT_EQ(stats.pinned, room);
  EXPECT_EQ(stats.objects, blocks.size() + 1);
  EXPECT_TRUE(node.faults().empty());
  const std::uint64_t rest = allocate(bert, 31 * kMiB);
  bert.free(rest);
  anna.hand_over(blocks[0], kNodeTag);
  node.free(blocks[0]);
  for (std::size_t i = 1; i < blocks.size(); ++i) anna.free(blocks[i]);
  EXPECT_TRUE(node.faults().empty());
  node.keep_in_memory(blocks[1]);
  anna.free(elsewhere);
  EXPECT_TRUE(node.faults().empty());
  EXPECT_EQ(node.stats().objects, 0U);
  for (std::size_t i = 0; i < 32 * kInSlab; ++i) allocate(i % 2 == 0 ? anna : bert, kSize);
  EXPECT_EQ(node.stats().used, 32 * kInSlab * room);
  EXPECT_TRUE(node.faults().empty());
}

TEST_F(ArenaTest, ASlabThatStaysInMemoryIsUsedAgain) {
  constexpr std::size_t kSize = 200'000;
  Arena node = fixture_.arena(kNodeTag);
  const std::uint64_t block = allocate(anna_, kSize);
  fill(anna_, block, kSize, 7);
  ASSERT_TRUE(node.begin_spill(block));
  EXPECT_FALSE(node.begin_spill(block));
  node.keep_in_memory(block);
  EXPECT_EQ(bert_.block_at(block).bytes, RunBytes::kInMemory);
  EXPECT_EQ(bert_.readable(block)[kSize - 1], std::byte{7});
  anna_.free(block);
  for (int i = 0; i < 32 * 4; ++i) allocate(bert_, kSize);
  EXPECT_EQ(node.stats().objects, 32U * 4);
  EXPECT_TRUE(node.faults().empty());
}

// Before memory is full for one of them, the other's free blocks are used.
TEST_F(ArenaTest, ProcessesShareTheirLastSlabs) {
  constexpr std::size_t kSize = 100'000;
  constexpr std::size_t kInSlab = 9;
  const std::uint64_t all = allocate(anna_, 31 * kMiB);
  std::vector<std::uint64_t> blocks;
  for (std::size_t i = 0; i < kInSlab; ++i) {
    blocks.push_back(allocate(i % 2 == 0 ? anna_ : bert_, kSize));
  }
  EXPECT_FALSE(anna_.has_room(kSize));
  EXPECT_EQ(bert_.allocate(kSize).error(), StoreError::kFull);
  anna_.free(blocks[0]);
  EXPECT_TRUE(bert_.has_room(kSize));
  EXPECT_EQ(allocate(bert_, kSize), blocks[0]);
  bert_.free(blocks[0]);
  anna_.free(all);
  for (std::size_t i = 1; i < kInSlab; ++i) (i % 2 == 0 ? anna_ : bert_).free(blocks[i]);
  EXPECT_EQ(anna_.stats().objects, 0U);
  EXPECT_TRUE(anna_.faults().empty());
}

}  // namespace
}  // namespace manta::objectstore
