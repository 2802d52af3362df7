// What is learned of how long code runs: by the element, where a call works on many.
#include "run_times.h"

#include <gtest/gtest.h>

namespace manta::detail {
namespace {

using std::chrono::nanoseconds;

base::Ref<Call> call_of(std::uint64_t code, std::uint32_t elements = 1) {
  const CallSpec spec{.stub = {20, code}, .elements = elements};
  return Call::make(base::make_ref<const CallSite>(spec), {}, {});
}

TEST(RunTimes, OfCodeThatNeverRanAreUnknown) {
  RunTimes times;
  times.learn(*call_of(7), 500);
  EXPECT_EQ(times.usual(*call_of(8)), std::nullopt);
  EXPECT_EQ(times.of_one_element(call_of(8)->site()), std::nullopt);
  EXPECT_EQ(times.estimate(*call_of(8)), 1'000'000U);
}

TEST(RunTimes, AreThoseOfTheLastCalls) {
  RunTimes times;
  times.learn(*call_of(7), 800);
  EXPECT_NEAR(static_cast<double>(times.usual(*call_of(7))->count()), 800, 1);
  for (int i = 0; i < 100; ++i) times.learn(*call_of(7), 80);
  EXPECT_NEAR(static_cast<double>(times.usual(*call_of(7))->count()), 80, 2);
}

TEST(RunTimes, OfManyElementsAreThoseOfOneAsOftenAsThereAreElements) {
  RunTimes times;
  times.learn(*call_of(7, 1000), 500);  // half a nanosecond each
  EXPECT_NEAR(static_cast<double>(times.of_one_element(call_of(7)->site())->count()), 500, 1);
  EXPECT_NEAR(times.estimate(*call_of(7, 1'000'000)), 500'000, 1000);
  EXPECT_EQ(times.usual(*call_of(7))->count(), 1);  // at least
}

TEST(RunTimes, ThatAreVeryLongSaturate) {
  RunTimes times;
  times.learn(*call_of(7), UINT32_MAX);
  EXPECT_EQ(times.estimate(*call_of(7, 1 << 20)), UINT32_MAX);
}

}  // namespace
}  // namespace manta::detail
