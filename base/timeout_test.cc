#include "timeout.h"

#include <limits>
#include <optional>

#include <gtest/gtest.h>

#include "error.h"

namespace manta {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

TEST(Timeout, TakesAnyDurationImplicitly) {
  const Timeout whole = 5s;
  const std::optional<Timeout> fraction = std::chrono::duration<double>(0.25);
  EXPECT_EQ(whole.value(), 5'000'000'000ns);
  EXPECT_EQ(fraction->value(), 250ms);
  EXPECT_EQ(Timeout(0s).value(), 0ns);
}

TEST(Timeout, SaturatesToForEver) {
  EXPECT_TRUE(Timeout(std::chrono::hours::max()).is_forever());
  EXPECT_TRUE(Timeout(std::chrono::duration<double>(1e300)).is_forever());
  EXPECT_TRUE(
      Timeout(std::chrono::duration<double>(std::numeric_limits<double>::infinity())).is_forever());
  EXPECT_TRUE(Timeout(std::chrono::duration<std::uint64_t, std::nano>::max()).is_forever());
  EXPECT_FALSE(Timeout(1h).is_forever());
}

TEST(Timeout, NegativeAndNanAreInvalidArguments) {
  EXPECT_THROW(Timeout(-1ns), InvalidArgument);
  EXPECT_THROW(Timeout{std::chrono::hours::min()}, InvalidArgument);
  EXPECT_THROW(Timeout(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())),
               InvalidArgument);
}

TEST(Timeout, DeadlineSaturates) {
  const Clock::time_point now = Clock::now();
  EXPECT_EQ(Timeout(3s).deadline(now), now + 3s);
  EXPECT_EQ(Timeout(std::chrono::hours::max()).deadline(now), Clock::time_point::max());
}

}  // namespace
}  // namespace manta
