// Every container of strings inside every container.
#include <string>

#include <gtest/gtest.h>

#include "pairs_test.h"

namespace manta::serialization {
namespace {

TEST(Pairs, OfStringsInWhatTakesAnything) {
  const RoundTrips trips = Pairs<std::string, 0, kOfAnything>::there_and_back();
  EXPECT_EQ(trips.wrong(), "");
  EXPECT_EQ(trips.types(), kOfAnything * (kContainers - kNumeric));
}

TEST(Pairs, OfStringsInWhatNeedsKeys) {
  const RoundTrips trips =
      Pairs<std::string, kOfAnything, kContainers - kOfAnything>::there_and_back();
  EXPECT_EQ(trips.wrong(), "");
  EXPECT_GE(trips.types(), 100u);
}

}  // namespace
}  // namespace manta::serialization
