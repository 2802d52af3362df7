// More than two hundred nestings, made from seeds, of each depth from 1 to 8: their values go there and back.
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <typeinfo>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "containers_test.h"

namespace manta::serialization {
namespace {

constexpr int kPerDepth = 28;
constexpr int kDepths = 8;

constexpr std::uint64_t hash(std::uint64_t seed) {
  seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9u;
  seed = (seed ^ (seed >> 27)) * 0x94d049bb133111ebu;
  return seed ^ (seed >> 31);
}

enum class Level : std::uint8_t {};
using Leaves = std::tuple<int, double, std::string, bool, char, std::uint64_t, Level, float>;

// A nesting holds one of those of the depth below, chosen by its seed.
template <int Depth, int Index>
struct Nesting {
  static constexpr std::uint64_t kSeed = hash(1 + Index + 1000 * Depth);
  using Inner = typename Nesting<Depth - 1, static_cast<int>(kSeed % kPerDepth)>::type;
  using type = Container<(kSeed >> 16) % kOfAnything, Inner>;
};
template <int Index>
struct Nesting<0, Index> {
  using type =
      std::tuple_element_t<static_cast<std::size_t>(Index) % std::tuple_size_v<Leaves>, Leaves>;
};

std::set<std::string>& met() {
  static std::set<std::string> types;
  return types;
}

template <class T>
void expect_that_values_go_there_and_back(std::uint64_t seed) {
  met().insert(typeid(T).name());
  Random random(seed);
  for (int i = 0; i < 5; ++i) {
    const T value = make_sample<T>(random);
    EXPECT_TRUE(same_value(value, round_trip(value))) << "seed " << seed << ": " << type_text<T>();
  }
}

template <int Depth>
void expect_of_depth() {
  [&]<int... Index>(std::integer_sequence<int, Index...>) {
    (expect_that_values_go_there_and_back<typename Nesting<Depth, Index>::type>(
         Nesting<Depth, Index>::kSeed),
     ...);
  }(std::make_integer_sequence<int, kPerDepth>());
}

TEST(Nestings, OfAllDepthsGoThereAndBack) {
  [&]<int... Depth>(std::integer_sequence<int, Depth...>) {
    (expect_of_depth<Depth + 1>(), ...);
  }(std::make_integer_sequence<int, kDepths>());
  EXPECT_GE(met().size(), 200u);
}

// So that a comparison that always agrees would be found.
TEST(Nestings, OfDifferentSeedsDiffer) {
  using Deep = std::vector<Box<std::map<std::string, std::shared_ptr<double>>>>;
  Random random(1);
  int different = 0;
  for (int i = 0; i < 20; ++i) {
    different += same_value(make_sample<Deep>(random), make_sample<Deep>(random)) ? 0 : 1;
  }
  EXPECT_GT(different, 10);
}

}  // namespace
}  // namespace manta::serialization
