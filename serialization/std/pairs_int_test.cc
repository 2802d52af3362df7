// Every container of ints inside every container.

#include <gtest/gtest.h>

#include "pairs_test.h"

namespace manta::serialization {
namespace {

TEST(Pairs, OfIntsInWhatTakesAnything) {
  const RoundTrips trips = Pairs<int, 0, kOfAnything>::there_and_back();
  EXPECT_EQ(trips.wrong(), "");
  EXPECT_EQ(trips.types(), kOfAnything * kContainers);
}

TEST(Pairs, OfIntsInWhatNeedsKeys) {
  const RoundTrips trips = Pairs<int, kOfAnything, kContainers - kOfAnything>::there_and_back();
  EXPECT_EQ(trips.wrong(), "");
  EXPECT_GE(trips.types(), 100u);
}

}  // namespace
}  // namespace manta::serialization
