// Numbers in each container.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../../base/error.h"
#include "../bytes.h"
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

struct Pixel {
  float16 red;
  bfloat16 depth[2];
};
static_assert(is_plain<float16> && is_plain<Pixel>);

TEST(LeafNumbers, FloatsOf16BitsInStructsSequencesAndMaps) {
  const std::map<std::string, std::vector<Pixel>> value{
      {"a", {{float16(0.5), {bfloat16(1), bfloat16(-3e38)}}, {float16(-2), {}}}}};
  const auto back = deserialize<std::map<std::string, std::vector<Pixel>>>(serialize(value));
  ASSERT_EQ(back.at("a").size(), 2u);
  EXPECT_EQ(back.at("a")[0].red, 0.5f);
  EXPECT_EQ(back.at("a")[0].depth[1].bits(), bfloat16(-3e38).bits());
  EXPECT_EQ(back.at("a")[1].red, -2.0f);
  EXPECT_EQ(type_text<std::vector<Pixel>>(), "seq<struct Pixel{red:f16,depth:bf16[2]}>");
  EXPECT_THROW(deserialize<std::uint16_t>(serialize(float16(1))), SerializationError);
}

}  // namespace
}  // namespace manta::serialization
