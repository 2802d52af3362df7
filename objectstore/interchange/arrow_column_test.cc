// Types, nulls and bits of columns.
#include <algorithm>
#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arrow_bits.h"
#include "arrow_fixture.h"

namespace manta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ArrowColumn, NullsOfFloatsAreNanOnRequestAndAMaskForAll) {
  const std::uint8_t valid[] = {0b1101};
  Foreign floats({{"g", "price", 4, {valid, kPrices}, -1}});  // not counted
  const ArrowColumn price = floats.column();
  EXPECT_EQ(price.null_count(), 1u);
  EXPECT_THAT(refusal([&] { price.as<double>(); }),
              HasSubstr("1 of its 4 rows are null: as<double>(ArrowNulls::as_nan) gives NaN"));
  const auto filled = price.as<double>(ArrowNulls::as_nan);
  EXPECT_TRUE(std::isnan(filled[1]));
  EXPECT_EQ(filled[3], 4.5);
  EXPECT_EQ(kPrices[1], 2.5);  // theirs is untouched
  const auto [values, mask] = price.masked<double>();
  EXPECT_EQ(values.data(), kPrices);
  EXPECT_THAT(mask.span(), ElementsAre(false, true, false, false));

  Foreign integers({{"l", "when", 4, {valid, kTimes}, 1}});
  const ArrowColumn when = integers.column();
  EXPECT_THAT(refusal([&] { when.as<std::int64_t>(ArrowNulls::as_nan); }),
              HasSubstr("no int64 is NaN: masked<std::int64_t>() gives a mask"));
  EXPECT_THAT(when.masked<std::int64_t>().mask.span(), ElementsAre(false, true, false, false));
  ASSERT_EQ(when.masked_chunks<std::int64_t>().size(), 1u);
  EXPECT_THAT(when.masked_chunks<std::int64_t>()[0].mask.span(),
              ElementsAre(false, true, false, false));
}

TEST(ArrowColumn, ABitmapWithoutNullsIsNone) {
  const std::uint8_t valid[] = {0b11110};
  Foreign foreign({{"g", "", 3, {valid, kPrices}, -1, 1}});
  EXPECT_EQ(foreign.column().as<double>().data(), kPrices + 1);
}

TEST(ArrowColumn, HalvesBecomeNanToo) {
  const std::uint8_t valid[] = {0b10};
  const float16 halves[] = {float16(1), float16(2)};
  const bfloat16 brains[] = {bfloat16(1), bfloat16(2)};
  const float floats[] = {1, 2};
  Foreign half({{"e", "", 2, {valid, halves}, 1}});
  Foreign brain({{"w:2", "", 2, {valid, brains}, 1}});
  Foreign single({{"f", "", 2, {valid, floats}, 1}});
  const auto is_nan_and_two = [](const auto& array) {
    return std::isnan(static_cast<float>(array[0])) && static_cast<float>(array[1]) == 2;
  };
  EXPECT_TRUE(is_nan_and_two(half.column().as<float16>(ArrowNulls::as_nan)));
  EXPECT_TRUE(is_nan_and_two(brain.column().as<bfloat16>(ArrowNulls::as_nan)));
  EXPECT_TRUE(is_nan_and_two(single.column().as<float>(ArrowNulls::as_nan)));
}

TEST(ArrowColumn, BoolsAreUnpackedFromAnyBit) {
  const std::uint8_t bits[] = {0b10100000, 0b00000011};
  Foreign foreign({{"b", "flag", 6, {nullptr, bits}, 0, 5}});
  EXPECT_THAT(foreign.column().as<bool>().span(),
              ElementsAre(true, false, true, true, true, false));
}

TEST(ArrowColumn, BitsAreCountedAndPackedAtAllPlaces) {
  std::vector<std::uint8_t> bits(40);
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint8_t>(i * 37 + 11);
  for (const std::size_t first : {0u, 1u, 7u, 8u, 63u}) {
    for (const std::size_t count : {0u, 1u, 8u, 64u, 65u, 200u}) {
      std::vector<std::uint8_t> bytes(count + 1);
      bool* const values = reinterpret_cast<bool*>(bytes.data());
      detail::unpack_bits(bits.data(), first, count, values);
      const auto zeros = std::count(values, values + count, false);
      EXPECT_EQ(detail::count_zeros(bits.data(), first, count), static_cast<std::size_t>(zeros));
      std::vector<std::uint8_t> packed(count / 8 + 1);
      detail::pack_bits(values, count, detail::Packed::kOpposite, packed.data());
      EXPECT_EQ(detail::count_zeros(packed.data(), 0, count),
                count - static_cast<std::size_t>(zeros));
    }
  }
}

TEST(ArrowColumn, TypesInWordsAndAsCpp) {
  const auto words = [](const char* format) { return detail::arrow_type_name(format); };
  EXPECT_EQ(words("tsu:Europe/Berlin"), "timestamp in microseconds, Europe/Berlin");
  EXPECT_EQ(words("tss:"), "timestamp in seconds");
  EXPECT_EQ(words("tdD"), "date in days");
  EXPECT_EQ(words("ttn"), "time of day in nanoseconds");
  EXPECT_EQ(words("tDm"), "duration in milliseconds");
  EXPECT_EQ(words("vu"), "string view");
  EXPECT_EQ(words("d:38,0"), "decimal(38,0)");
  EXPECT_EQ(words("+w:3"), "fixed-size list of 3 elements");
  EXPECT_EQ(words("?"), "what is of the unknown format \"?\"");
  EXPECT_EQ(words(""), "what is of the unknown format \"\"");
  for (const char* integers : {"l", "tsn:UTC", "tdm", "ttu", "ttn", "tDs"}) {
    EXPECT_EQ(detail::arrow_letter(integers), 'l') << integers;
  }
  for (const char* integers : {"i", "tdD", "tts", "ttm", "tiM"}) {
    EXPECT_EQ(detail::arrow_letter(integers), 'i') << integers;
  }
  for (const char* others : {"u", "vu", "w:3", "d:9,2", "+l", "+s", "tiD", "tin", "n", "ts", "tsn",
                             "tdDD", "td", "tsx:"}) {
    EXPECT_EQ(detail::arrow_letter(others), '\0') << others;
  }
}

TEST(ArrowColumn, ATypeThatNoArrayHoldsIsRefusedInWordsAndHindersNoOther) {
  Foreign foreign({{"g", "price", 4, {nullptr, kPrices}},
                   {"vu", "town", 4, {nullptr, nullptr, nullptr}},
                   {"i", "kind", 4, {nullptr, kTimes}}});
  ArrowSchema categories = {};
  categories.format = "u";
  foreign.schemas[2].dictionary = &categories;
  const ArrowTable table = foreign.table();
  EXPECT_EQ(table.get<double>("price").size(), 4u);
  EXPECT_THAT(refusal([&] { table.get<int>("town"); }),
              HasSubstr("column \"town\": it holds string view, which no Array can hold"));
  EXPECT_THAT(refusal([&] { table.get<int>("kind"); }),
              HasSubstr("dictionary (categories) of string"));
  EXPECT_THAT(refusal([&] { table.get<float>("price"); }),
              HasSubstr("holds float64: ask for double, not for float"));
}

}  // namespace
}  // namespace manta
