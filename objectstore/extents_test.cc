#include "extents.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../base/error.h"

namespace manta::detail {
namespace {

using Dimensions = std::vector<std::size_t>;

Extents make(const Dimensions& dimensions) {
  return Extents(std::span<const std::size_t>(dimensions));
}

TEST(Extents, CountIsTheProduct) {
  EXPECT_EQ(make({}).count(), 1u);
  EXPECT_EQ(make({0}).count(), 0u);
  EXPECT_EQ(make({2, 3, 4}).count(), 24u);
  EXPECT_EQ(make({2, 3, 4, 5, 6}).count(), 720u);
  EXPECT_EQ(make({std::size_t{1} << 20, std::size_t{1} << 20, 0}).count(), 0u);
  EXPECT_EQ(Extents().count(), 0u);
  EXPECT_EQ(Extents(), make({0}));
}

TEST(Extents, ManyDimensionsAreCopiedMovedAndSwapped) {
  const Extents many = make({1, 2, 3, 4, 5});
  Extents copy = many;
  Extents moved = std::move(copy);
  EXPECT_EQ(moved, many);
  moved = make({7});
  EXPECT_EQ(moved[0], 7u);
  Extents few = make({8});
  few.swap(moved);
  few = many;
  EXPECT_EQ(few, many);
  EXPECT_NE(few, moved);
}

TEST(Extents, MoreElementsThanMemoryIsAnInvalidArgumentThatNamesTheShape) {
  try {
    make({std::size_t{1} << 40, std::size_t{1} << 40});
    FAIL();
  } catch (const InvalidArgument& error) {
    EXPECT_THAT(error.what(), testing::EndsWith("the shape (1099511627776, 1099511627776) has more "
                                                "elements than memory has bytes"));
  }
}

// numpy refuses such shapes, too, from 2^63 bytes on; here the limit is that of reading.
TEST(Extents, SoItIsWithoutElements) {
  EXPECT_THAT(
      [] {
        make({std::size_t{1} << 46, 0});
      },
      testing::ThrowsMessage<InvalidArgument>(testing::HasSubstr("but for the extents of 0")));
  EXPECT_THROW(make({0, std::size_t{1} << 40, std::size_t{1} << 40}), InvalidArgument);
}

TEST(Extents, MoreDimensionsThanAnArrayTravelsWithAreRefused) {
  EXPECT_EQ(make(Dimensions(32, 1)).count(), 1u);
  EXPECT_THAT(
      [] { make(Dimensions(33, 1)); },
      testing::ThrowsMessage<InvalidArgument>(testing::HasSubstr("33 dimensions; at most 32")));
}

TEST(Extents, SliceIsOfTheFirstDimension) {
  const Extents shape = make({5, 2, 3, 1});
  EXPECT_EQ(shape.slice(1, 4), make({3, 2, 3, 1}));
  EXPECT_EQ(shape.slice(5, 5).count(), 0u);
  EXPECT_EQ(shape.stride(), 6u);
  EXPECT_THROW(shape.slice(2, 6), InvalidArgument);
  EXPECT_THROW(shape.slice(3, 2), InvalidArgument);
  EXPECT_THROW(make({}).slice(0, 0), InvalidArgument);
}

TEST(Extents, NegativeExtentsAreRefused) {
  EXPECT_EQ(extent(3), 3u);
  EXPECT_THROW(extent(-1), InvalidArgument);
}

}  // namespace
}  // namespace manta::detail
