// Strings and the other values of the standard library in each container.
#include <algorithm>
#include <bitset>
#include <chrono>
#include <complex>
#include <filesystem>
#include <ratio>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../bytes.h"
#include "containers_test.h"

namespace manta::serialization {

template <>
struct Sample<Bytes> {  // in the stream, or a buffer
  static Bytes make(Random& random) { return Bytes(make_sample<std::string>(random)); }
  static bool same(const Bytes& a, const Bytes& b) {
    return std::ranges::equal(a.span(), b.span());
  }
};

namespace {

TEST(LeafValues, StringsInEachContainer) {
  RoundTrips trips;
  trips.of_each_in_each<std::string, std::u8string, std::u16string, std::u32string, std::wstring>();
  EXPECT_EQ(trips.wrong(), "");
  EXPECT_EQ(trips.types(), 5 * (kContainers - kNumeric));
}

TEST(LeafValues, TextOfOtherKindsInEachContainer) {
  using OwnString = std::basic_string<char, std::char_traits<char>, OwnAllocator<char>>;
  RoundTrips trips;
  trips.of_each_in_each<OwnString, std::filesystem::path, Bytes>();
  EXPECT_EQ(trips.wrong(), "");
  EXPECT_GE(trips.types(), 3 * kOfAnything + kOrdered);
}

TEST(LeafValues, TimesInEachContainer) {
  using namespace std::chrono;
  RoundTrips trips;
  trips.of_each_in_each<nanoseconds, hours, duration<double>, duration<std::int16_t, std::ratio<3>>,
                        system_clock::time_point, sys_days, local_seconds>();
  EXPECT_EQ(trips.wrong(), "");
  EXPECT_GE(trips.types(), 7 * (kOfAnything + 1 + kOrdered));
}

TEST(LeafValues, ComplexAndBitsInEachContainer) {
  RoundTrips trips;
  trips.of_each_in_each<std::complex<float>, std::complex<double>>();
  EXPECT_EQ(trips.types(), 2 * (kOfAnything + 1 + kNumeric));
  trips.of_each_in_each<std::bitset<1>, std::bitset<64>, std::bitset<70>>();
  trips.of_each_in_each<std::vector<bool>>();
  EXPECT_EQ(trips.wrong(), "");
}

}  // namespace
}  // namespace manta::serialization
