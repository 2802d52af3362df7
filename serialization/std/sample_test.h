// For tests: values of any type from a seed, and whether two are equal. What a pointer points to is
// compared, not its address.
#pragma once
#include <algorithm>
#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstdint>
#include <filesystem>
#include <forward_list>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <valarray>
#include <variant>

#include "../../base/build_settings.h"

namespace manta::serialization {

using Random = std::mt19937_64;  // its numbers are the same everywhere

// A class says it by a `static T sample(Random&)` and an operator==.
template <class T>
struct Sample {
  static T make(Random& random) { return T::sample(random); }
  static bool same(const T& a, const T& b) { return a == b; }
};

template <class T>
T make_sample(Random& random) {
  return Sample<T>::make(random);
}
template <class T>
bool same_value(const T& a, const T& b) {
  return Sample<T>::same(a, b);
}

// How many elements: none at times.
inline std::size_t few(Random& random) { return random() % 8 == 0 ? 0 : 1 + random() % 3; }

// ---- numbers: small ones, the limits, any
template <class T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T>
struct Sample<T> {
  static T make(Random& random) {
    if constexpr (std::is_enum_v<T>) {
      return static_cast<T>(make_sample<std::underlying_type_t<T>>(random));
    } else if constexpr (std::is_same_v<T, bool>) {
      return random() % 2 == 0;
    } else {
      const std::uint64_t third = random() / 3;
      const T any[] = {std::numeric_limits<T>::lowest(),
                       std::numeric_limits<T>::max(),
                       std::numeric_limits<T>::min(),
                       std::numeric_limits<T>::denorm_min(),
                       std::numeric_limits<T>::infinity(),
                       T(),
                       static_cast<T>(third)};
      const std::uint64_t which = random() % 14;
      return which < 7 ? any[which] : static_cast<T>(static_cast<std::int8_t>(random()));
    }
  }
  static bool same(T a, T b) { return a == b; }
};

template <class T>
struct Sample<std::complex<T>> {
  static std::complex<T> make(Random& random) {
    return std::complex<T>(make_sample<T>(random), make_sample<T>(random));
  }
  static bool same(std::complex<T> a, std::complex<T> b) { return a == b; }
};

template <class Rep, class Period>
struct Sample<std::chrono::duration<Rep, Period>> {
  using Duration = std::chrono::duration<Rep, Period>;
  static Duration make(Random& random) { return Duration(make_sample<Rep>(random)); }
  static bool same(Duration a, Duration b) { return a.count() == b.count(); }
};
template <class Clock, class Duration>
struct Sample<std::chrono::time_point<Clock, Duration>> {
  using Point = std::chrono::time_point<Clock, Duration>;
  static Point make(Random& random) { return Point(make_sample<Duration>(random)); }
  static bool same(Point a, Point b) {
    return same_value(a.time_since_epoch(), b.time_since_epoch());
  }
};

template <std::size_t N>
struct Sample<std::bitset<N>> {
  static std::bitset<N> make(Random& random) {
    std::bitset<N> bits;
    for (std::size_t i = 0; i < N; ++i) bits[i] = random() % 2 == 0;
    return bits;
  }
  static bool same(const std::bitset<N>& a, const std::bitset<N>& b) { return a == b; }
};

// ---- text: every fourth is long enough for a buffer; zero bytes are among the characters
template <class C, class Traits, class Allocator>
struct Sample<std::basic_string<C, Traits, Allocator>> {
  using String = std::basic_string<C, Traits, Allocator>;
  static String make(Random& random) {
    String text(random() % 4 == 0 ? 5000 : random() % 20, C());
    for (C& c : text) c = random() % 8 == 0 ? C() : static_cast<C>(random());
    return text;
  }
  static bool same(const String& a, const String& b) { return a == b; }
};

template <>
struct Sample<std::filesystem::path> {
  using Path = std::filesystem::path;
  static Path make(Random& random) {
    Path path = random() % 2 == 0 ? "/" : "";
    for (std::size_t n = few(random); n > 0; --n) path /= std::to_string(random() % 100);
    return path;
  }
  static bool same(const Path& a, const Path& b) { return a.native() == b.native(); }
};

// ---- sequences
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
    for (std::size_t n = few(random); n > 0; --n) c.emplace_back(make_sample<Element>(random));
    return c;
  }
  static bool same(const C& a, const C& b) { return same_elements(a, b); }
};

template <class T>
struct Sample<std::forward_list<T>> {
  static std::forward_list<T> make(Random& random) {
    std::forward_list<T> list;
    for (std::size_t n = few(random); n > 0; --n) list.push_front(make_sample<T>(random));
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

template <class T>
struct Sample<std::valarray<T>> {
  static std::valarray<T> make(Random& random) {
    std::valarray<T> values(few(random));
    for (T& value : values) value = make_sample<T>(random);
    return values;
  }
  static bool same(const std::valarray<T>& a, const std::valarray<T>& b) {
    bool same = a.size() == b.size();
    for (std::size_t i = 0; same && i < a.size(); ++i) same = same_value(a[i], b[i]);
    return same;
  }
};

template <class A>
  requires requires { typename A::container_type; }
struct Sample<A> {
  using Container = typename A::container_type;
  struct Open : A {
    static const Container& container(const A& adapter) { return adapter.*(&Open::c); }
  };
  static A make(Random& random) {
    A adapter;
    for (std::size_t n = few(random); n > 0; --n) {
      adapter.push(make_sample<typename A::value_type>(random));
    }
    return adapter;
  }
  static bool same(const A& a, const A& b) {
    return same_value(Open::container(a), Open::container(b));
  }
};

// ---- sets and maps: ordered ones in order, hashed ones in any
template <class S>
  requires requires { typename S::key_type; } && (!requires { typename S::mapped_type; })
struct Sample<S> {
  using Key = typename S::key_type;
  static S make(Random& random) {
    S set;
    for (std::size_t n = few(random); n > 0; --n) set.insert(make_sample<Key>(random));
    return set;
  }
  static bool same(const S& a, const S& b) {
    if constexpr (requires { typename S::hasher; }) {
      bool same = a.size() == b.size();
      for (const Key& key : a) same = same && a.count(key) == b.count(key);
      return same;
    } else {
      return same_elements(a, b);
    }
  }
};

template <class M>
  requires requires { typename M::mapped_type; }
struct Sample<M> {
  using Key = typename M::key_type;
  static M make(Random& random) {
    M map;
    for (std::size_t n = few(random); n > 0; --n) {
      Key key = make_sample<Key>(random);
      map.emplace(std::move(key), make_sample<typename M::mapped_type>(random));
    }
    return map;
  }
  // `same(other)` of an entry with the key?
  template <class Same>
  static bool has(const M& map, const Key& key, Same same) {
    const auto [first, last] = map.equal_range(key);
    return std::any_of(first, last, [&](const auto& entry) { return same(entry.second); });
  }
  static bool same(const M& a, const M& b) {
    if constexpr (requires { typename M::hasher; }) {
      bool same = a.size() == b.size();
      for (const auto& one : a) {
        same = same &&
               has(b, one.first, [&](const auto& other) { return same_value(one.second, other); });
      }
      for (const auto& one : b) {
        same = same &&
               has(a, one.first, [&](const auto& other) { return same_value(other, one.second); });
      }
      return same;
    } else {
      return same_elements(a, b);
    }
  }
};

// ---- pointers and optional
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

// ---- variant, pair, tuple
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

}  // namespace manta::serialization
