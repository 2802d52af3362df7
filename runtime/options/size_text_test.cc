#include "size_text.h"

#include <string>

#include <gmock/gmock.h>

namespace manta::detail {
namespace {

using ::testing::Eq;
using ::testing::Optional;

TEST(SizeText, ANumberIsInBytes) {
  EXPECT_THAT(parse_size("0"), Optional(Eq(0u)));
  EXPECT_THAT(parse_size("300000000"), Optional(Eq(300'000'000u)));
  EXPECT_THAT(parse_size("300B"), Optional(Eq(300u)));
  EXPECT_THAT(parse_size("18446744073709551615"), Optional(Eq(UINT64_MAX)));
}

TEST(SizeText, UnitsCountIn1024UnlessTheyAreWrittenAsDecimalOnes) {
  std::uint64_t binary = 1, decimal = 1;
  for (const std::string unit : {"K", "M", "G", "T"}) {
    binary *= 1024;
    decimal *= 1000;
    for (const std::string& text : {unit, unit + "i", unit + "iB"}) {
      EXPECT_THAT(parse_size("3" + text), Optional(Eq(3 * binary))) << text;
      EXPECT_THAT(parse_size("3 " + text), Optional(Eq(3 * binary))) << text;
    }
    EXPECT_THAT(parse_size("3" + unit + "B"), Optional(Eq(3 * decimal))) << unit;
  }
  EXPECT_THAT(parse_size("300m"), Optional(Eq(300u << 20)));
  EXPECT_THAT(parse_size("1gb"), Optional(Eq(1'000'000'000u)));
}

TEST(SizeText, AFractionIsCutToWholeBytes) {
  EXPECT_THAT(parse_size("1.5G"), Optional(Eq(std::uint64_t{3} << 29)));
  EXPECT_THAT(parse_size("0.3K"), Optional(Eq(307u)));
}

TEST(SizeText, WhatIsNoSizeGivesNothing) {
  for (const char* text : {"",
                           " ",
                           "M",
                           "many",
                           "-1",
                           "-1M",
                           "+1",
                           "300X",
                           "300MX",
                           "300MMB",
                           "300 ",
                           "300  M",
                           " 300",
                           "3e2M",
                           "0x10",
                           "inf",
                           "nan",
                           "nanM",
                           "1.5.2M",
                           "300iB",
                           "300,5M",
                           "300P",
                           "18446744073709551616",
                           "16777216T",
                           "99999999999T"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(SizeText, MessagesSayMebibytesWhereThatIsExact) {
  EXPECT_EQ(size_text(1), "1 bytes");
  EXPECT_EQ(size_text(16 << 20), "16 MiB");
  EXPECT_EQ(size_text((16 << 20) + 1), "16777217 bytes");
}

}  // namespace
}  // namespace manta::detail
