#include "float16.h"

#include <cmath>
#include <limits>
#include <type_traits>

#include <gtest/gtest.h>

namespace manta {
namespace {

static_assert(std::is_trivial_v<float16> && std::is_trivial_v<bfloat16>);
static_assert(sizeof(float16) == 2);
static_assert(sizeof(bfloat16) == 2);
static_assert(!std::is_convertible_v<float, float16> && std::is_convertible_v<float16, float>);
static_assert(float16(1.0f).bits() == 0x3C00 && bfloat16(1.0f).bits() == 0x3F80);
static_assert(float16{} == 0 && float16::from_bits(0xC000) == -2.0f);

// For all of its 65,536 values.
template <class Small>
void expect_every_value_comes_back() {
  for (unsigned bits = 0; bits <= 0xFFFF; ++bits) {
    const auto small = Small::from_bits(static_cast<std::uint16_t>(bits));
    const float wide = small;
    if (std::isnan(wide)) {
      EXPECT_TRUE(std::isnan(float{Small(wide)}));
    } else {
      ASSERT_EQ(Small(wide).bits(), bits);
    }
  }
}

// Between any two neighbours: what is nearer, and in the middle the even one.
template <class Small>
void expect_the_nearest(unsigned largest_bits) {
  for (unsigned bits = 0; bits < largest_bits; ++bits) {
    const double below = Small::from_bits(static_cast<std::uint16_t>(bits));
    const double above = Small::from_bits(static_cast<std::uint16_t>(bits + 1));
    const double middle = (below + above) / 2;
    ASSERT_EQ(Small(middle).bits(), bits % 2 == 0 ? bits : bits + 1) << below;
    ASSERT_EQ(Small(std::nextafter(middle, 0.0)).bits(), bits) << below;
    ASSERT_EQ(Small(std::nextafter(middle, 1e300)).bits(), bits + 1) << below;
    ASSERT_EQ(Small(-middle).bits(), Small(middle).bits() | 0x8000u) << below;
  }
}

TEST(Float16, EveryValueComesBack) { expect_every_value_comes_back<float16>(); }
TEST(Bfloat16, EveryValueComesBack) { expect_every_value_comes_back<bfloat16>(); }
TEST(Float16, RoundsToTheNearestEven) { expect_the_nearest<float16>(0x7BFF); }
TEST(Bfloat16, RoundsToTheNearestEven) { expect_the_nearest<bfloat16>(0x7F7F); }

TEST(Float16, WhatIsTooLargeIsInfinityAndTooSmallZero) {
  EXPECT_EQ(float16(65519.0f), 65504.0f);
  EXPECT_EQ(float16(65520.0f).bits(), 0x7C00);
  EXPECT_EQ(float16(-1e300).bits(), 0xFC00);
  EXPECT_EQ(float16(0x1p-25).bits(), 0);
  EXPECT_EQ(float16(-5e-324).bits(), 0x8000);
  EXPECT_EQ(bfloat16(std::numeric_limits<float>::max()).bits(), 0x7F80);
  EXPECT_EQ(bfloat16(-std::numeric_limits<float>::infinity()).bits(), 0xFF80);
}

TEST(Float16, CountsAndConvertsAsANumber) {
  EXPECT_EQ(float16(3) + float16(4), 7.0f);
  EXPECT_LT(float16(3), 3.5);
  EXPECT_EQ(float16(bfloat16(1.5f)), 1.5f);
  EXPECT_EQ(float16(0.1).bits(), 0x2E66);  // as numpy.float16(0.1)
  EXPECT_EQ(bfloat16(0.1).bits(), 0x3DCD);
}

TEST(Float16, ADoubleIsRoundedOnce) {
  const double just_above_the_middle = 1 + 0x1p-11 + 0x1p-40;  // as a float: the middle
  EXPECT_EQ(float16(just_above_the_middle).bits(), 0x3C01);
  EXPECT_EQ(float16(static_cast<float>(just_above_the_middle)).bits(), 0x3C00);
}

}  // namespace
}  // namespace manta
