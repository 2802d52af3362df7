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

// As above, with what is nearer to a middle than a double sees, on both signs.
template <class Small>
void expect_the_nearest_of_a_long_double(unsigned largest_bits) {
  for (unsigned bits = 0; bits < largest_bits; ++bits) {
    const long double below = float{Small::from_bits(static_cast<std::uint16_t>(bits))};
    const long double above = float{Small::from_bits(static_cast<std::uint16_t>(bits + 1))};
    const long double middle = (below + above) / 2;
    ASSERT_EQ(Small(middle).bits(), bits % 2 == 0 ? bits : bits + 1) << below;
    ASSERT_EQ(Small(std::nextafter(middle, 0.0L)).bits(), bits) << below;
    ASSERT_EQ(Small(std::nextafter(middle, above)).bits(), bits + 1) << below;
    ASSERT_EQ(Small(-std::nextafter(middle, 0.0L)).bits(), bits | 0x8000u) << below;
    ASSERT_EQ(Small(-std::nextafter(middle, above)).bits(), (bits + 1) | 0x8000u) << below;
    ASSERT_EQ(Small(std::nextafter(above, 0.0L)).bits(), bits + 1) << below;
  }
}

TEST(Float16, ALongDoubleIsRoundedOnce) { expect_the_nearest_of_a_long_double<float16>(0x7BFF); }
TEST(Bfloat16, ALongDoubleIsRoundedOnce) { expect_the_nearest_of_a_long_double<bfloat16>(0x7F7F); }

TEST(Float16, ALongDoubleBeyondDoublesIsInfinityZeroOrNan) {
  using Limits = std::numeric_limits<long double>;
  EXPECT_EQ(float16(Limits::max()).bits(), 0x7C00);
  EXPECT_EQ(bfloat16(-Limits::max()).bits(), 0xFF80);
  EXPECT_EQ(bfloat16(-Limits::denorm_min()).bits(), 0x8000);
  EXPECT_EQ(bfloat16(-0.0L).bits(), 0x8000);
  EXPECT_EQ(float16(Limits::infinity()).bits(), 0x7C00);
  EXPECT_TRUE(std::isnan(float{float16(Limits::quiet_NaN())}));
}

// At each middle of two neighbours among the integers of T, and one beside it.
template <class T>
void expect_the_nearest_of_integers(int digits) {
  for (int exponent = 10; exponent < digits; ++exponent) {
    for (unsigned fraction = 0; fraction < 128; ++fraction) {
      const T unit = T{1} << (exponent - 8);  // half of a unit of the last place
      const T middle = (T{1} << exponent) + unit * T{2 * fraction + 1};
      const unsigned below = static_cast<unsigned>(exponent + 127) << 7 | fraction;
      ASSERT_EQ(bfloat16(middle).bits(), below + fraction % 2) << exponent;
      ASSERT_EQ(bfloat16(middle - 1).bits(), below) << exponent;
      ASSERT_EQ(bfloat16(middle + 1).bits(), below + 1) << exponent;
      if constexpr (static_cast<T>(-1) < 0) {
        ASSERT_EQ(bfloat16(-middle).bits(), 0x8000u | (below + fraction % 2)) << exponent;
        ASSERT_EQ(bfloat16(1 - middle).bits(), 0x8000u | below) << exponent;
        ASSERT_EQ(bfloat16(-1 - middle).bits(), 0x8000u | (below + 1)) << exponent;
      }
    }
  }
}

TEST(Bfloat16, AnIntegerIsRoundedOnce) {
  expect_the_nearest_of_integers<std::int64_t>(63);
  expect_the_nearest_of_integers<std::uint64_t>(64);
  expect_the_nearest_of_integers<long long>(63);
  expect_the_nearest_of_integers<detail::Int128>(127);
  expect_the_nearest_of_integers<detail::Uint128>(127);
}

TEST(Bfloat16, TheLargestIntegersAreRoundedToo) {
  static_assert(bfloat16((1LL << 62) + (1LL << 54) + 1) == 0x1p62f * (1 + 0x1p-7f));
  static_assert(float16(1.0L + 0x1p-11L + 0x1p-63L) == 1 + 0x1p-10f);
  EXPECT_EQ(bfloat16(std::numeric_limits<std::uint64_t>::max()), 0x1p64f);
  EXPECT_EQ(bfloat16(std::numeric_limits<std::int64_t>::min()), -0x1p63f);
  EXPECT_EQ(bfloat16(~detail::Uint128{0}).bits(), 0x7F80);
  EXPECT_EQ(float16(std::numeric_limits<std::int64_t>::min()).bits(), 0xFC00);
  EXPECT_EQ(float16(true), 1.0f);
  EXPECT_EQ(float16(std::int64_t{-2049}), -2048.0f);
}

}  // namespace
}  // namespace manta
