#include "long_calls.h"

#include <gtest/gtest.h>

namespace manta::detail::node {
namespace {

TEST(LongCallsTest, TellsOfTheSameCallAfterTenSecondsAndThenTwiceAsLong) {
  LongCalls calls;
  const std::vector<TaskLane> one = {{.lane = 3, .caller = 1, .opened = 8, .started = 5}};
  EXPECT_TRUE(calls.look(one, 1'000).empty());
  EXPECT_TRUE(calls.look(one, 10'999).empty());
  const auto told = calls.look(one, 11'000);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].caller, 1);
  EXPECT_EQ(told[0].message.lane, 3U);
  EXPECT_EQ(told[0].message.sequence, 5U);
  EXPECT_EQ(told[0].message.ms, 10'000);
  EXPECT_TRUE(calls.look(one, 20'999).empty());
  EXPECT_EQ(calls.look(one, 21'000).size(), 1U);
  EXPECT_TRUE(calls.look(one, 40'999).empty());
  EXPECT_EQ(calls.look(one, 41'000).size(), 1U);
}

TEST(LongCallsTest, AnotherCallOrAnotherLaneOfThatNumberBeginsAnew) {
  LongCalls calls;
  calls.look({{.lane = 3, .caller = 1, .opened = 8, .started = 5}}, 0);
  EXPECT_TRUE(calls.look({{.lane = 3, .caller = 1, .opened = 8, .started = 6}}, 10'000).empty());
  EXPECT_TRUE(calls.look({{.lane = 3, .caller = 2, .opened = 9, .started = 6}}, 20'000).empty());
  EXPECT_TRUE(calls.look({}, 25'000).empty());
  EXPECT_TRUE(calls.look({{.lane = 3, .caller = 2, .opened = 9, .started = 6}}, 30'000).empty());
  EXPECT_TRUE(calls.look({{.lane = 4, .caller = 2, .opened = 9, .started = 0}}, 90'000).empty());
}

}  // namespace
}  // namespace manta::detail::node
