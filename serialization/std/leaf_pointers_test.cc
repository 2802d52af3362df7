// Smart pointers in each container; those that own nothing, with their owner in the same value.
#include <list>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "../types/observer.h"
#include "containers_test.h"

namespace manta::serialization {
namespace {

// Where pointers to it lead: before, and in what came back.
std::shared_ptr<std::string> target = std::make_shared<std::string>("target");
const std::string* target_again = nullptr;

}  // namespace

template <>
struct Sample<std::weak_ptr<std::string>> {
  using Weak = std::weak_ptr<std::string>;
  static Weak make(Random& random) { return random() % 5 == 0 ? Weak() : Weak(target); }
  static bool same(const Weak& a, const Weak& b) {
    return a.lock() == nullptr ? b.lock() == nullptr : b.lock().get() == target_again;
  }
};
template <>
struct Sample<observer<std::string>> {
  using Link = observer<std::string>;
  static Link make(Random& random) { return random() % 5 == 0 ? Link() : Link(target.get()); }
  static bool same(const Link& a, const Link& b) { return b.get() == (a ? target_again : nullptr); }
};

namespace {

template <class C>
struct WithOwner {
  C content;
  std::shared_ptr<std::string> owner;
};

}  // namespace

template <class C>
struct Sample<WithOwner<C>> {
  static WithOwner<C> make(Random& random) { return WithOwner<C>{make_sample<C>(random), target}; }
  static bool same(const WithOwner<C>& a, const WithOwner<C>& b) {
    target_again = b.owner.get();
    return *a.owner == *b.owner && same_value(a.content, b.content);
  }
};

namespace {

TEST(LeafPointers, OwnersInEachContainer) {
  RoundTrips trips;
  trips.of_each_in_each<std::unique_ptr<int>, std::shared_ptr<int>, std::unique_ptr<std::string>,
                        std::shared_ptr<std::string>, std::shared_ptr<std::list<std::string>>>();
  EXPECT_EQ(trips.wrong(), "");
  EXPECT_EQ(trips.types(), 5 * kOfAnything);
}

template <class Pointer, std::size_t... Which>
std::string wrong_with_owner(std::index_sequence<Which...>) {
  RoundTrips trips;
  (trips.of<WithOwner<Container<Which, Pointer>>>(), ...);
  return trips.wrong();
}

TEST(LeafPointers, WeakPointersInEachContainer) {
  EXPECT_EQ(wrong_with_owner<std::weak_ptr<std::string>>(std::make_index_sequence<kOfAnything>()),
            "");
}

TEST(LeafPointers, ObserversInEachContainer) {
  EXPECT_EQ(wrong_with_owner<observer<std::string>>(std::make_index_sequence<kOfAnything>()), "");
}

}  // namespace
}  // namespace manta::serialization
