// Threads adopt and drop the same few blocks: one record at a time, and no hold is lost.
#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "arena_fixture.h"
#include "block.h"

namespace manta::objectstore {
namespace {

TEST(BlockConcurrent, NoHoldIsLostWhenTheLastReleaseMeetsANewHold) {
  constexpr int kRounds = 5000;
  constexpr int kThreads = 3;
  ArenaFixture fixture(16 * kMiB);
  std::atomic<std::uint64_t> released{0};
  const auto owner = fixture.store(1);
  const auto store =
      fixture.store(2, [&](std::uint64_t, std::uint32_t holds) { released += holds; });
  const auto block = owner->create(1000).value();
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        const auto held = store->blocks().adopt(block->offset(), Share::kHeld);
        ASSERT_GT(held->holds(), 0u);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(released, std::uint64_t{kRounds} * kThreads);
  EXPECT_EQ(store->blocks().size(), 0u);
}

TEST(BlockConcurrent, ThreadsMakeAndDropBlocks) {
  ArenaFixture fixture(64 * kMiB);
  const auto store = fixture.store(1);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      std::vector<base::Ref<Block>> kept;
      for (std::size_t round = 0; round < 2000; ++round) {
        kept.push_back(store->create(100 * (i + 1) + round).value());
        if (kept.size() > 20) {
          kept.erase(kept.begin(), kept.begin() + 15);
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(store->stats().used, 0u);
}

}  // namespace
}  // namespace manta::objectstore
