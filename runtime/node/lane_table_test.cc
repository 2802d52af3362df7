#include "lane_table.h"

#include <gtest/gtest.h>

namespace manta::detail::node {
namespace {

using Closing = LaneTable::Closing;

TEST(LaneTable, ALaneIsFreeWhenBothEndsClosed) {
  LaneTable table(8);
  const auto lane = table.open(1, 2, LaneKind::kTask);
  ASSERT_EQ(lane, 0U);
  EXPECT_EQ(table.close(0, 2), Closing::kHalf);
  EXPECT_EQ(table.close(0, 2), Closing::kNothing);  // said twice
  EXPECT_EQ(table.close(0, 3), Closing::kNothing);  // not its lane
  EXPECT_EQ(table.close(0, 1), Closing::kFree);
  EXPECT_EQ(table.find(0), nullptr);
  EXPECT_TRUE(table.of(1).empty());
}

TEST(LaneTable, UsesTheLowestFreeOneAgain) {
  LaneTable table(8);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(table.open(1, 2, LaneKind::kTask), i);
  for (const std::uint32_t lane : {2U, 0U}) table.close(lane, 1), table.close(lane, 2);
  EXPECT_EQ(table.open(1, 3, LaneKind::kActor), 0U);
  EXPECT_EQ(table.of(1), (std::vector<std::uint32_t>{0, 1}));
}

TEST(LaneTable, AProcessMayHaveALaneToItself) {
  LaneTable table(8);
  const std::uint32_t lane = *table.open(4, 4, LaneKind::kActor);
  EXPECT_EQ(table.close(lane, 4), Closing::kHalf);
  EXPECT_EQ(table.close(lane, 4), Closing::kFree);
}

TEST(LaneTable, SaysWhenAllAreInUse) {
  LaneTable table(1);
  EXPECT_TRUE(table.open(1, 2, LaneKind::kTask).has_value());
  EXPECT_FALSE(table.open(1, 2, LaneKind::kTask).has_value());
}

}  // namespace
}  // namespace manta::detail::node
