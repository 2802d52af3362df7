// An arena with more addresses than memory: what lies in pieces, or in a slab beside a block, is memory for others.
#include "memory_budget.h"

#include <atomic>
#include <cstring>
#include <random>
#include <signal.h>
#include <sys/stat.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "../arena_fixture.h"

namespace manta::objectstore {
namespace {

constexpr OwnerTag kAnna = 1;
constexpr OwnerTag kBert = 2;

class MemoryBudget : public testing::Test {
 protected:
  static constexpr std::size_t kBudget = 32 * kMiB;

  // What the kernel has given to the arena.
  static std::size_t in_use(const ArenaFixture& fixture) {
    struct stat file = {};
    EXPECT_EQ(::fstat(fixture.files.writable.get(), &file), 0);
    return static_cast<std::size_t>(file.st_blocks) * 512;
  }

  ArenaFixture fixture_{{.memory = kBudget, .addresses = 8 * kBudget}};
  Arena anna_ = fixture_.arena(kAnna);
  Arena bert_ = fixture_.arena(kBert);
};

TEST_F(MemoryBudget, ABlockCostsItsPagesAndNotItsSlabs) {
  EXPECT_EQ(anna_.capacity(), kBudget);
  EXPECT_EQ(anna_.largest_size(), kBudget);
  std::size_t blocks = 0;
  while (anna_.allocate(kMiB + 1).ok()) ++blocks;
  EXPECT_EQ(blocks, kBudget / (kMiB + kPage));
  EXPECT_LE(in_use(fixture_), kBudget);
  EXPECT_FALSE(anna_.has_room(kMiB));
}

TEST_F(MemoryBudget, FreeMemoryInPiecesMakesRoomForALargeBlock) {
  std::vector<std::uint64_t> blocks;
  for (std::size_t i = 0; i < kBudget / kMiB; ++i) {
    blocks.push_back(anna_.allocate(kMiB)->offset);
    std::memset(anna_.writable(blocks.back()), static_cast<int>(i), kMiB);
  }
  EXPECT_FALSE(bert_.allocate(kMiB).ok());
  for (std::size_t i = 0; i < blocks.size(); i += 2) anna_.free(blocks[i]);
  EXPECT_TRUE(bert_.has_room(kBudget / 2));
  EXPECT_FALSE(bert_.has_room(kBudget / 2 + 1));
  EXPECT_FALSE(bert_.allocate(kBudget / 2 + 1).ok());
  const auto large = bert_.allocate(kBudget / 2);
  ASSERT_TRUE(large.ok());
  EXPECT_TRUE(large->zeroed);
  std::memset(bert_.writable(large->offset), 99, kBudget / 2);
  EXPECT_LE(in_use(fixture_), kBudget);
  EXPECT_FALSE(bert_.allocate(kMiB).ok());
  for (std::size_t i = 1; i < blocks.size(); i += 2) {
    EXPECT_EQ(bert_.readable(blocks[i])[kMiB - 1], static_cast<std::byte>(i));
  }
}

// Slabs that were full before: what a run does not use of its last one is free for others.
TEST_F(MemoryBudget, ABlockCostsItsPagesAlsoWhereMoreWasUsedBefore) {
  std::vector<std::uint64_t> blocks;
  for (auto block = anna_.allocate(1000); block.ok(); block = anna_.allocate(1000)) {
    blocks.push_back(block->offset);
  }
  for (const std::uint64_t offset : blocks) anna_.free(offset);
  anna_.trim();
  std::size_t count = 0;
  for (auto block = anna_.allocate(kMiB + 1); block.ok(); block = anna_.allocate(kMiB + 1)) {
    std::memset(anna_.writable(block->offset), 1, kMiB + 1);
    ++count;
  }
  EXPECT_EQ(count, kBudget / (kMiB + kPage));
  EXPECT_LE(in_use(fixture_), kBudget);
}

// Rings of new workers, say: what is free makes room for them, and what is in use stays.
TEST_F(MemoryBudget, WhatIsSharedBesideTheArenaTakesFreeMemory) {
  const auto kept = anna_.allocate(20 * kMiB);
  const auto freed = anna_.allocate(12 * kMiB);
  anna_.free(freed->offset);
  ASSERT_EQ(in_use(fixture_), kBudget);
  Arena node = fixture_.arena(kNodeTag);
  node.set_beside(5 * kMiB);
  EXPECT_EQ(anna_.beside(), 5 * kMiB);
  EXPECT_LE(in_use(fixture_) + 5 * kMiB, kBudget);
  EXPECT_FALSE(bert_.has_room(8 * kMiB));
  EXPECT_FALSE(bert_.allocate(8 * kMiB).ok());
  const auto last = bert_.allocate(7 * kMiB);
  ASSERT_TRUE(last.ok());
  node.set_beside(9 * kMiB);
  EXPECT_LE(in_use(fixture_), 27 * kMiB);
  EXPECT_FALSE(bert_.allocate(1).ok());
  bert_.free(last->offset);
  EXPECT_FALSE(bert_.allocate(4 * kMiB).ok());
  EXPECT_TRUE(bert_.allocate(3 * kMiB).ok());
  anna_.free(kept->offset);
  node.set_beside(0);
  EXPECT_TRUE(anna_.allocate(29 * kMiB).ok());
}

// Who is told that there is room finds it.
TEST(MemoryBudgetRoom, IsThereWhereItIsSeen) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    ArenaFixture fixture({.memory = 4 * kMiB, .addresses = 32 * kMiB});
    Arena arena = fixture.arena(kAnna);
    std::vector<std::uint64_t> live;
    for (int i = 0; i < 300; ++i) {
      const std::size_t size = random() % 3 == 0 ? random() % 3000 + 1 : random() % (3 * kMiB) + 1;
      const bool room = arena.has_room(size);
      const auto block = arena.allocate(size, Population::kLater);
      ASSERT_TRUE(!room || block.ok()) << size << " bytes, step " << i << ", seed " << seed;
      if (block.ok()) live.push_back(block->offset);
      while (!live.empty() && (!block.ok() || random() % 3 == 0)) {
        std::swap(live[random() % live.size()], live.back());
        arena.free(live.back());
        live.pop_back();
        if (random() % 2 == 0) break;
      }
      if (random() % 20 == 0) arena.populate_ahead(kMiB, 2 * kMiB);
    }
    for (const std::uint64_t offset : live) arena.free(offset);
  }
}

TEST_F(MemoryBudget, WhatDoesNotMakeEnoughRoomStaysWarm) {
  const std::uint64_t held = anna_.allocate(20 * kMiB)->offset;
  const std::uint64_t warm = anna_.allocate(10 * kMiB)->offset;
  anna_.free(warm);
  const std::size_t before = in_use(fixture_);
  EXPECT_FALSE(bert_.allocate(13 * kMiB).ok());
  EXPECT_EQ(in_use(fixture_), before);
  anna_.free(held);
}

TEST_F(MemoryBudget, WhatOthersKeepEmptyForSmallBlocksMakesRoom) {
  std::vector<std::uint64_t> blocks;
  for (;;) {
    const auto block = anna_.allocate(1000);
    if (!block.ok()) break;
    blocks.push_back(block->offset);
  }
  for (const std::uint64_t offset : blocks) anna_.free(offset);
  EXPECT_TRUE(bert_.has_room(kBudget - kMiB));
  EXPECT_TRUE(bert_.allocate(kBudget - kMiB).ok());
  EXPECT_LE(in_use(fixture_), kBudget);
}

TEST_F(MemoryBudget, SmallBlocksWithoutARoomOfTheirOwnFailAndTakeNothing) {
  const auto all = anna_.allocate(kBudget);
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(bert_.allocate(100).error(), StoreError::kFull);
  EXPECT_FALSE(bert_.has_room(100));
  anna_.free(all->offset);
  EXPECT_TRUE(bert_.has_room(100));
  EXPECT_TRUE(bert_.allocate(100).ok());
}

// The kernel is asked all the time.
TEST_F(MemoryBudget, IsNeverExceeded) {
  std::atomic<bool> done{false};
  std::atomic<int> broken{0};
  const auto work = [&](Arena& arena, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<std::pair<std::uint64_t, std::byte>> mine;
    for (int i = 0; i < 1500; ++i) {
      const std::size_t size = std::size_t{100} << random() % 17;
      if (const auto block = arena.allocate(size + random() % size); block.ok()) {
        mine.emplace_back(block->offset, static_cast<std::byte>(random()));
        arena.writable(block->offset)[size - 1] = mine.back().second;
      }
      while (mine.size() > 10 || (!mine.empty() && random() % 2 == 0)) {
        std::swap(mine[random() % mine.size()], mine.back());
        arena.free(mine.back().first);
        mine.pop_back();
      }
      for (const auto& [offset, mark] : mine) {
        const BlockExtent block = arena.block_at(offset);
        broken += block.owner == arena.self() && block.offset == offset ? 0 : 1;
      }
    }
    for (const auto& [offset, mark] : mine) arena.free(offset);
  };
  std::thread one([&] { work(anna_, 1); });
  std::thread two([&] { work(bert_, 2); });
  std::thread node([&] {
    Arena arena = fixture_.arena(kNodeTag);
    while (!done) {
      arena.populate_ahead(kMiB, kBudget / 2);
      arena.settle();
    }
  });
  std::thread watch([&] {
    while (!done) EXPECT_LE(in_use(fixture_), kBudget);
  });
  one.join();
  two.join();
  done = true;
  node.join();
  watch.join();
  EXPECT_EQ(broken, 0);
  anna_.trim();
  bert_.trim();
  anna_.settle();
  anna_.settle();
  EXPECT_TRUE(anna_.allocate(kBudget).ok());
}

// So that memory is taken from others all the time.
TEST(MemoryBudgetProcess, WhateverAKilledProcessWasDoingTheBudgetIsWhole) {
  constexpr std::size_t kSmallBudget = 8 * kMiB;
  ArenaFixture fixture({.memory = kSmallBudget, .addresses = 8 * kSmallBudget});
  Arena node = fixture.arena(kNodeTag);
  std::mt19937 random(11);
  for (int round = 0; round < 60; ++round) {
    const unsigned seed = static_cast<unsigned>(random());
    SharedMemory memory(4096);
    auto* const steps = memory.make<std::atomic<int>>();
    const pid_t pid = in_process([&] {
      Arena arena = fixture.arena(kAnna);
      std::mt19937 choice(seed);
      std::vector<std::uint64_t> mine;
      for (;; ++*steps) {
        const auto block = arena.allocate(1000 + choice() % (3 * kMiB), Population::kLater);
        if (block.ok()) mine.push_back(block->offset);
        if (!block.ok() || choice() % 3 == 0) {
          std::swap(mine[choice() % mine.size()], mine.back());
          arena.free(mine.back());
          mine.pop_back();
        }
      }
    });
    for (const int enough = static_cast<int>(random() % 300); *steps < enough;) {
      std::this_thread::yield();
    }
    ::kill(pid, SIGKILL);
    ended(pid);
    node.sweep(kAnna);
    node.settle();
    node.settle();
    const auto all = node.allocate(kSmallBudget, Population::kLater);
    ASSERT_TRUE(all.ok()) << "seed " << seed;
    node.free(all->offset);
  }
}

}  // namespace
}  // namespace manta::objectstore
