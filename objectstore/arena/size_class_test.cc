#include "size_class.h"

#include <gtest/gtest.h>

namespace manta::objectstore {
namespace {

TEST(SizeClass, IsTheSmallestThatHoldsTheSize) {
  for (std::size_t size = 1; size <= kLargestSmallBlock; size += size < 4096 ? 1 : 61) {
    const std::uint8_t found = size_class_of(size);
    ASSERT_LT(found, kSizeClasses);
    ASSERT_GE(class_size(found), size);
    ASSERT_TRUE(found == 0 || class_size(static_cast<std::uint8_t>(found - 1)) < size) << size;
  }
}

TEST(SizeClass, SizesAreMultiplesOfTheAlignmentAndWasteAtMostAFifth) {
  for (std::uint8_t i = 1; i < kSizeClasses; ++i) {
    const auto below = static_cast<std::uint8_t>(i - 1);
    EXPECT_EQ(class_size(i) % 64, 0u);
    if (i >= 8) {
      EXPECT_LE(class_size(i) * 4, class_size(below) * 5);
    }
  }
}

}  // namespace
}  // namespace manta::objectstore
