// More than two hundred nestings, made from seeds, of each depth from 1 to 8: their values go there and back.
// What a pointer points to is compared, not its address.
#include <array>
#include <cstdint>
#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <manta/serialization/round_trip.h>

namespace manta::serialization {
namespace {

template <class T>
struct Box {
  std::string name;
  T value;
  std::uint16_t number;
};
template <class T>
struct Keyed {  // an order of its own
  std::map<int, T, std::greater<int>> map;
};

// ---- the containers that a nesting chooses from

template <std::size_t Which, class T>
auto contain() {
  if constexpr (Which == 0) return std::type_identity<std::vector<T>>();
  if constexpr (Which == 1) return std::type_identity<std::list<T>>();
  if constexpr (Which == 2) return std::type_identity<std::deque<T>>();
  if constexpr (Which == 3) return std::type_identity<std::forward_list<T>>();
  if constexpr (Which == 4) return std::type_identity<std::array<T, 2>>();
  if constexpr (Which == 5) return std::type_identity<std::map<std::string, T>>();
  if constexpr (Which == 6) return std::type_identity<std::unordered_map<int, T>>();
  if constexpr (Which == 7) return std::type_identity<std::multimap<char, T>>();
  if constexpr (Which == 8) return std::type_identity<std::optional<T>>();
  if constexpr (Which == 9)
    return std::type_identity<std::variant<std::monostate, T, std::string>>();
  if constexpr (Which == 10) return std::type_identity<std::pair<T, bool>>();
  if constexpr (Which == 11) return std::type_identity<std::tuple<double, T, std::string>>();
  if constexpr (Which == 12) return std::type_identity<std::unique_ptr<T>>();
  if constexpr (Which == 13) return std::type_identity<std::shared_ptr<T>>();
  if constexpr (Which == 14) return std::type_identity<Box<T>>();
  if constexpr (Which == 15) return std::type_identity<Keyed<T>>();
}
inline constexpr std::size_t kContainers = 16;

template <std::size_t Which, class T>
using Container = typename decltype(contain<Which, T>())::type;

// ---- their values

using Random = std::mt19937_64;  // its numbers are the same everywhere

template <class T>
struct Sample;
template <class T>
T make_sample(Random& random) {
  return Sample<T>::make(random);
}
template <class T>
bool same_value(const T& a, const T& b) {
  return Sample<T>::same(a, b);
}

template <class T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T>
struct Sample<T> {
  static T make(Random& random) {
    if constexpr (std::is_same_v<T, bool>)
      return random() % 2 == 0;
    else
      return static_cast<T>(static_cast<std::int8_t>(random()));
  }
  static bool same(T a, T b) { return a == b; }
};

template <>
struct Sample<std::string> {
  static std::string make(Random& random) {
    std::string text(random() % 4 == 0 ? 5000 : random() % 20, '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
  }
  static bool same(const std::string& a, const std::string& b) { return a == b; }
};

template <class C>
bool same_elements(const C& a, const C& b) {
  auto other = b.begin();
  for (const auto& value : a) {
    if (other == b.end() || !same_value(value, *other)) return false;
    ++other;
  }
  return other == b.end();
}

template <class C>
  requires requires(C c) { c.emplace_back(std::declval<typename C::value_type>()); }
struct Sample<C> {
  using Element = typename C::value_type;
  static C make(Random& random) {
    C c;
    for (auto n = random() % 4; n > 0; --n) c.emplace_back(make_sample<Element>(random));
    return c;
  }
  static bool same(const C& a, const C& b) { return same_elements(a, b); }
};

template <class T>
struct Sample<std::forward_list<T>> {
  static std::forward_list<T> make(Random& random) {
    std::forward_list<T> list;
    for (auto n = random() % 4; n > 0; --n) list.push_front(make_sample<T>(random));
    return list;
  }
  static bool same(const std::forward_list<T>& a, const std::forward_list<T>& b) {
    return same_elements(a, b);
  }
};

template <class T, std::size_t N>
struct Sample<std::array<T, N>> {
  static std::array<T, N> make(Random& random) {
    return {make_sample<T>(random), make_sample<T>(random)};
  }
  static bool same(const std::array<T, N>& a, const std::array<T, N>& b) {
    return same_elements(a, b);
  }
};

template <class M>
  requires requires { typename M::mapped_type; }
struct Sample<M> {
  using Key = typename M::key_type;
  static M make(Random& random) {
    M map;
    for (auto n = random() % 4; n > 0; --n) {
      Key key = make_sample<Key>(random);
      map.emplace(std::move(key), make_sample<typename M::mapped_type>(random));
    }
    return map;
  }
  static bool same(const M& a, const M& b) {
    if constexpr (requires { typename M::hasher; }) {
      for (const auto& [key, value] : a) {
        const auto found = b.find(key);
        if (found == b.end() || !same_value(value, found->second)) return false;
      }
      return a.size() == b.size();
    } else {
      return same_elements(a, b);
    }
  }
};

template <class P>
  requires requires(const P& p) { *p, p == nullptr; } || requires(const P& p) { p.has_value(), *p; }
struct Sample<P> {
  using Target = std::remove_cvref_t<decltype(*std::declval<P>())>;
  static P make(Random& random) {
    if (random() % 5 == 0) return P();
    if constexpr (requires { typename P::element_type; }) {
      return P(new Target(make_sample<Target>(random)));
    } else {
      return P(make_sample<Target>(random));
    }
  }
  static bool same(const P& a, const P& b) {
    return static_cast<bool>(a) == static_cast<bool>(b) && (!a || same_value(*a, *b));
  }
};

template <class... T>
struct Sample<std::variant<T...>> {
  using Variant = std::variant<T...>;
  static Variant make(Random& random) {
    switch (random() % 4) {
      case 0:
        return Variant();
      case 1:
        return Variant(std::in_place_index<2>, make_sample<std::string>(random));
      default:
        return Variant(std::in_place_index<1>,
                       make_sample<std::variant_alternative_t<1, Variant>>(random));
    }
  }
  static bool same(const Variant& a, const Variant& b) {
    if (a.index() != b.index()) return false;
    if (a.index() == 1) return same_value(std::get<1>(a), std::get<1>(b));
    return a.index() == 0 || same_value(std::get<2>(a), std::get<2>(b));
  }
};

template <class A, class B>
struct Sample<std::pair<A, B>> {
  using Pair = std::pair<A, B>;
  static Pair make(Random& random) { return Pair{make_sample<A>(random), make_sample<B>(random)}; }
  static bool same(const Pair& a, const Pair& b) {
    return same_value(a.first, b.first) && same_value(a.second, b.second);
  }
};
template <class K, class V>  // of a map
struct Sample<std::pair<const K, V>> {
  using Pair = std::pair<const K, V>;
  static bool same(const Pair& a, const Pair& b) {
    return same_value(a.first, b.first) && same_value(a.second, b.second);
  }
};

template <class... T>
struct Sample<std::tuple<T...>> {
  using Tuple = std::tuple<T...>;
  static Tuple make(Random& random) { return Tuple{make_sample<T>(random)...}; }
  static bool same(const Tuple& a, const Tuple& b) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return (same_value(std::get<I>(a), std::get<I>(b)) && ...);
    }(std::index_sequence_for<T...>());
  }
};

template <class T>
struct Sample<Box<T>> {
  static Box<T> make(Random& random) {
    return Box<T>{make_sample<std::string>(random), make_sample<T>(random),
                  make_sample<std::uint16_t>(random)};
  }
  static bool same(const Box<T>& a, const Box<T>& b) {
    return a.name == b.name && same_value(a.value, b.value) && a.number == b.number;
  }
};
template <class T>
struct Sample<Keyed<T>> {
  using Map = std::map<int, T, std::greater<int>>;
  static Keyed<T> make(Random& random) { return Keyed<T>{make_sample<Map>(random)}; }
  static bool same(const Keyed<T>& a, const Keyed<T>& b) { return same_value(a.map, b.map); }
};

// ---- the nestings

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
  using type = Container<(kSeed >> 16) % kContainers, Inner>;
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
