// For tests: the containers by number, and what goes into which of them.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <forward_list>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <valarray>
#include <variant>
#include <vector>

#include "../../base/error.h"
#include "../round_trip_test.h"
#include "sample_test.h"

namespace manta::serialization {

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

template <class T>
struct OwnAllocator {
  using value_type = T;
  OwnAllocator() = default;
  template <class U>
  OwnAllocator(const OwnAllocator<U>&) {}
  T* allocate(std::size_t n) { return std::allocator<T>().allocate(n); }
  void deallocate(T* p, std::size_t n) { std::allocator<T>().deallocate(p, n); }
  template <class U>
  bool operator==(const OwnAllocator<U>&) const {
    return true;
  }
};
struct OwnHash {  // all in few buckets
  template <class T>
  std::size_t operator()(const T&) const {
    return sizeof(T);
  }
};

// As std::expected is, which GCC 12 does not have.
template <class E>
class Unexpected {
 public:
  explicit Unexpected(E e) : error(std::move(e)) {}
  E error;
};
template <class T, class E>
class Expected {
 public:
  using value_type = T;
  using error_type = E;
  using unexpected_type = Unexpected<E>;
  Expected(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Expected(Unexpected<E> e) : content_(std::in_place_index<1>, std::move(e.error)) {}
  bool has_value() const { return content_.index() == 0; }
  const T& operator*() const { return std::get<0>(content_); }
  const E& error() const { return std::get<1>(content_); }
  bool operator==(const Expected&) const = default;

 private:
  std::variant<T, E> content_;
};

template <std::size_t Which, class T>
auto contain() {
  // of anything
  if constexpr (Which == 0) return std::type_identity<std::vector<T>>();
  if constexpr (Which == 1) return std::type_identity<std::list<T>>();
  if constexpr (Which == 2) return std::type_identity<std::deque<T>>();
  if constexpr (Which == 3) return std::type_identity<std::forward_list<T>>();
  if constexpr (Which == 4) return std::type_identity<std::array<T, 2>>();
  if constexpr (Which == 5) return std::type_identity<std::map<std::string, T>>();
  if constexpr (Which == 6) return std::type_identity<std::unordered_map<int, T>>();
  if constexpr (Which == 7) return std::type_identity<std::multimap<char, T>>();
  if constexpr (Which == 8) return std::type_identity<std::optional<T>>();
  if constexpr (Which == 9) {
    return std::type_identity<std::variant<std::monostate, T, std::string>>();
  }
  if constexpr (Which == 10) return std::type_identity<std::pair<T, bool>>();
  if constexpr (Which == 11) return std::type_identity<std::tuple<double, T, std::string>>();
  if constexpr (Which == 12) return std::type_identity<std::unique_ptr<T>>();
  if constexpr (Which == 13) return std::type_identity<std::shared_ptr<T>>();
  if constexpr (Which == 14) return std::type_identity<Box<T>>();
  if constexpr (Which == 15) return std::type_identity<Keyed<T>>();
  if constexpr (Which == 16) return std::type_identity<std::unordered_multimap<char, T>>();
  if constexpr (Which == 17) return std::type_identity<std::stack<T>>();
  if constexpr (Which == 18) return std::type_identity<std::queue<T, std::list<T>>>();
  if constexpr (Which == 19) return std::type_identity<std::vector<T, OwnAllocator<T>>>();
  if constexpr (Which == 20) {
    return std::type_identity<std::unordered_map<std::string, T, OwnHash>>();
  }
  if constexpr (Which == 21) {
    return std::type_identity<
        std::map<std::string, T, std::less<>, OwnAllocator<std::pair<const std::string, T>>>>();
  }
  if constexpr (Which == 22) return std::type_identity<Expected<T, std::string>>();
  // of what has an operator==
  if constexpr (Which == 23) return std::type_identity<std::unordered_set<T, OwnHash>>();
  // of what has a std::hash
  if constexpr (Which == 24) return std::type_identity<std::unordered_set<T>>();
  if constexpr (Which == 25) return std::type_identity<std::unordered_multiset<T>>();
  // of what has an order
  if constexpr (Which == 26) return std::type_identity<std::set<T>>();
  if constexpr (Which == 27) return std::type_identity<std::multiset<T>>();
  if constexpr (Which == 28) {
    return std::type_identity<std::set<T, std::greater<T>, OwnAllocator<T>>>();
  }
  if constexpr (Which == 29) return std::type_identity<std::map<T, int>>();
  if constexpr (Which == 30) return std::type_identity<std::priority_queue<T>>();
  // of numbers
  if constexpr (Which == 31) return std::type_identity<std::valarray<T>>();
}
inline constexpr std::size_t kOfAnything = 23;
inline constexpr std::size_t kOrdered = 5;
inline constexpr std::size_t kNumeric = 1;
inline constexpr std::size_t kContainers = 32;

template <std::size_t Which, class T>
using Container = typename decltype(contain<Which, T>())::type;

// Those that compare addresses are no keys: another order comes back.
template <class T>
inline constexpr bool is_pointer_like = requires(const T& p) { p.get(); };
template <class T>
inline constexpr bool is_hashable = std::is_default_constructible_v<std::hash<T>>;
template <class T>
inline constexpr bool is_complex = requires(const T& c) { c.imag(); };

template <std::size_t Which, class T>
consteval bool goes_into() {
  if constexpr (Which < kOfAnything) {
    return true;
  } else if constexpr (Which == 31) {
    return std::is_arithmetic_v<T> || is_complex<T>;
  } else if constexpr (is_pointer_like<T> || !std::equality_comparable<T> ||
                       !std::is_copy_constructible_v<T>) {
    return false;
  } else if constexpr (Which == 24 || Which == 25) {
    return is_hashable<T>;
  } else {
    return Which == 23 || std::totally_ordered<T>;
  }
}

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

template <class T, class E>
struct Sample<Expected<T, E>> {
  static Expected<T, E> make(Random& random) {
    if (random() % 4 == 0) return Unexpected<E>(make_sample<E>(random));
    return make_sample<T>(random);
  }
  static bool same(const Expected<T, E>& a, const Expected<T, E>& b) {
    if (a.has_value() != b.has_value()) return false;
    return a.has_value() ? same_value(*a, *b) : same_value(a.error(), b.error());
  }
};

// What of these values is not equal to what came back: types and seeds, none if all is well.
class RoundTrips {
 public:
  template <class T>
  void of(int values = 4) {
    Random random(++types_);
    for (int i = 0; i < values; ++i) {
      const T value = make_sample<T>(random);
      const std::string flaw = flaw_of(value);
      if (!flaw.empty()) {
        wrong_ += "seed " + std::to_string(types_) + ": " + type_text<T>() + ": " + flaw + "\n";
      }
    }
  }

  // Each T in each container that takes it.
  template <class... T>
  void of_each_in_each() {
    (of_one<T>(std::make_index_sequence<kContainers>()), ...);
  }

  std::uint64_t types() const { return types_; }
  const std::string& wrong() const { return wrong_; }

 private:
  template <class T>
  static std::string flaw_of(const T& value) {
    try {
      return same_value(value, round_trip(value)) ? "" : "another value came back";
    } catch (const SerializationError& error) {
      return error.what();
    }
  }

  template <class T, std::size_t... Which>
  void of_one(std::index_sequence<Which...>) {
    (of_pair<Which, T>(), ...);
  }
  template <std::size_t Which, class T>
  void of_pair() {
    if constexpr (goes_into<Which, T>()) of<Container<Which, T>>();
  }

  std::uint64_t types_ = 0;
  std::string wrong_;
};

}  // namespace manta::serialization
