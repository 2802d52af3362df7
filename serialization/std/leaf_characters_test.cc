// Characters and enums in each container.
#include <cstddef>
#include <cstdint>

#include <gtest/gtest.h>

#include "containers_test.h"

namespace manta::serialization {
namespace {

enum class Yes : bool {};
enum class Tiny : std::int8_t {};
enum class Small : std::uint16_t {};
enum class Letter : char {};
enum Plain : int { kZero, kOne };
enum class Large : std::uint64_t {};

TEST(LeafCharacters, CharactersInEachContainer) {
  RoundTrips trips;
  trips.of_each_in_each<bool, char, signed char, unsigned char, char8_t, char16_t, char32_t,
                        wchar_t>();
  EXPECT_EQ(trips.wrong(), "");
  EXPECT_EQ(trips.types(), 8 * kContainers);
}

TEST(LeafCharacters, EnumsInEachContainer) {
  RoundTrips trips;
  trips.of_each_in_each<Yes, Tiny, Small, Letter, Plain, Large, std::byte>();
  EXPECT_EQ(trips.wrong(), "");
  EXPECT_EQ(trips.types(), 7 * (kContainers - kNumeric));
}

}  // namespace
}  // namespace manta::serialization
