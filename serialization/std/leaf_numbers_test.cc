// Numbers in each container.
#include <gtest/gtest.h>

#include "containers_test.h"

namespace manta::serialization {
namespace {

TEST(LeafNumbers, NumbersInEachContainer) {
  RoundTrips trips;
  trips.of_each_in_each<short, unsigned short, int, unsigned, long, unsigned long, long long,
                        unsigned long long, float, double>();
  EXPECT_EQ(trips.wrong(), "");
  EXPECT_EQ(trips.types(), 10 * kContainers);
}

}  // namespace
}  // namespace manta::serialization
