#include "block_counts.h"

#include <utility>

#include <gtest/gtest.h>

namespace manta::detail::node {
namespace {

constexpr std::uint64_t kBlock = 4096;
constexpr BlockStep kTakeOver{.kind = BlockStep::Kind::kTakeOver, .block = kBlock};
constexpr BlockStep kFree{.kind = BlockStep::Kind::kFree, .block = kBlock};

std::vector<BlockStep> done(BlockCounts& table) { return std::exchange(table.steps(), {}); }

void sweep(BlockCounts& table) {
  for (const std::uint64_t block : table.take_unsettled()) table.settle(block);
}

TEST(BlockCounts, AnAdoptedBlockIsFreedAfterASweep) {
  BlockCounts table;
  table.adopt(kBlock, 1, 2);
  EXPECT_EQ(done(table), std::vector{kTakeOver});
  table.add_holds(kBlock, 1, -2);
  EXPECT_TRUE(done(table).empty());
  sweep(table);
  EXPECT_EQ(done(table), std::vector{kFree});
  EXPECT_EQ(table.size(), 0U);
}

TEST(BlockCounts, AHoldMayPrecedeTheAdoption) {
  BlockCounts table;
  table.add_holds(kBlock, 2, 1);
  table.adopt(kBlock, 1, 1);
  table.add_holds(kBlock, 1, -1);
  sweep(table);
  EXPECT_EQ(done(table), std::vector{kTakeOver});
  table.strike(2);
  sweep(table);
  EXPECT_EQ(done(table), std::vector{kFree});
}

TEST(BlockCounts, HoldAndReleaseBeforeTheAdoptionLeaveItToItsMaker) {
  BlockCounts table;
  table.add_holds(kBlock, 2, 1);
  table.add_holds(kBlock, 2, -1);
  sweep(table);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_TRUE(done(table).empty());
  table.adopt(kBlock, 1, 1);
  table.add_holds(kBlock, 1, -1);
  sweep(table);
  EXPECT_EQ(done(table), (std::vector{kTakeOver, kFree}));
}

TEST(BlockCounts, NamesWhatADyingMakerMustNotTakeAlong) {
  BlockCounts table;
  table.add_holds(kBlock, 2, 1);
  table.adopt(8192, 1, 1);
  EXPECT_EQ(table.held_unadopted(), std::vector{kBlock});
}

}  // namespace
}  // namespace manta::detail::node
