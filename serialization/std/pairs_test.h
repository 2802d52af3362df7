// For tests: every container inside every container.
#pragma once
#include <cstddef>
#include <string>
#include <utility>

#include "containers_test.h"

namespace manta::serialization {

// The containers from First on, Count of them, each of each that it takes, of Leaf.
template <class Leaf, std::size_t First, std::size_t Count>
class Pairs {
 public:
  static RoundTrips there_and_back() {
    RoundTrips trips;
    each_outer(trips, std::make_index_sequence<Count>());
    return trips;
  }

 private:
  template <std::size_t... Outer>
  static void each_outer(RoundTrips& trips, std::index_sequence<Outer...>) {
    (each_inner<First + Outer>(trips, std::make_index_sequence<kContainers>()), ...);
  }
  template <std::size_t Outer, std::size_t... Inner>
  static void each_inner(RoundTrips& trips, std::index_sequence<Inner...>) {
    (pair<Outer, Inner>(trips), ...);
  }
  template <std::size_t Outer, std::size_t Inner>
  static void pair(RoundTrips& trips) {
    if constexpr (goes_into<Inner, Leaf>()) {
      using Content = Container<Inner, Leaf>;
      if constexpr (goes_into<Outer, Content>()) trips.of<Container<Outer, Content>>(3);
    }
  }
};

}  // namespace manta::serialization
