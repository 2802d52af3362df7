#include "calls_in_flight.h"

#include <vector>

#include <gtest/gtest.h>

namespace manta::detail {
namespace {

class CallsInFlightTest : public ::testing::Test {
 protected:
  const Call* add() {
    auto call = Call::make(site_, {}, {});
    const Call* const added = call.get();
    calls_.add(std::move(call));
    return added;
  }

  base::Ref<const CallSite> site_ = base::make_ref<const CallSite>(CallSpec());
  CallsInFlight calls_;
};

TEST_F(CallsInFlightTest, AreNumberedFromOne) {
  EXPECT_EQ(calls_.next(), 1U);
  const Call* const first = add();
  const Call* const second = add();
  EXPECT_EQ(calls_.first(), 1U);
  EXPECT_EQ(calls_.next(), 3U);
  EXPECT_EQ(calls_.find(1), first);
  EXPECT_EQ(calls_.find(2), second);
  EXPECT_EQ(calls_.count(), 2U);
}

TEST_F(CallsInFlightTest, NothingElseIsFound) {
  for (const std::uint64_t number : {0U, 1U, 2U}) EXPECT_EQ(calls_.find(number), nullptr);
  add();
  add();
  static_cast<void>(calls_.take(1));
  for (const std::uint64_t number : {0U, 1U, 3U}) EXPECT_EQ(calls_.find(number), nullptr);
  EXPECT_EQ(calls_.find(~std::uint64_t{0}), nullptr);
}

TEST_F(CallsInFlightTest, AreTakenInAnyOrder) {
  std::vector<const Call*> added;
  for (int i = 0; i < 5; ++i) added.push_back(add());
  EXPECT_EQ(calls_.take(3).get(), added[2]);
  EXPECT_EQ(calls_.first(), 1U);
  EXPECT_EQ(calls_.find(3), nullptr);
  EXPECT_EQ(calls_.take(2).get(), added[1]);
  EXPECT_EQ(calls_.take(1).get(), added[0]);
  EXPECT_EQ(calls_.first(), 4U);
  EXPECT_EQ(calls_.take(5).get(), added[4]);
  EXPECT_EQ(calls_.take(4).get(), added[3]);
  EXPECT_EQ(calls_.count(), 0U);
  EXPECT_EQ(calls_.first(), calls_.next());
}

// One is not answered for a long time; the others come and go around it.
TEST_F(CallsInFlightTest, KeepTheirNumbersWhenThereAreMany) {
  const Call* const oldest = add();
  for (std::uint64_t number = 2; number <= 1000; ++number) {
    const Call* const call = add();
    EXPECT_EQ(calls_.find(number), call);
    EXPECT_EQ(calls_.find(1), oldest);
    EXPECT_EQ(calls_.count(), 2U);
    EXPECT_EQ(calls_.take(number).get(), call);
  }
  EXPECT_EQ(calls_.first(), 1U);
  EXPECT_EQ(calls_.take(1).get(), oldest);
  EXPECT_EQ(calls_.first(), 1001U);
}

}  // namespace
}  // namespace manta::detail
