#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../base/error.h"
#include "../bytes.h"
#include "../foreign/pickle.h"
#include "../inspect.h"
#include "../round_trip_test.h"

namespace manta::serialization {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Flagged {  // no default: what reads it cannot guess
  bool descending;
  bool operator()(int a, int b) const { return descending ? b < a : a < b; }
};
// What it points to is looked at while elements are inserted.
struct ByRank {  // NOLINT(performance-move-constructor-init): it is libstdc++ that copies it
  std::shared_ptr<std::map<std::string, int>> rank;
  bool operator()(const std::string& a, const std::string& b) const {
    return rank->at(a) < rank->at(b);
  }
};
class Rotated {  // private, by members
 public:
  Rotated() = default;
  explicit Rotated(std::uint32_t by) : by_(by) {}
  static constexpr auto manta_members() { return std::tuple(&Rotated::by_); }
  bool operator()(std::uint32_t a, std::uint32_t b) const { return a - by_ < b - by_; }

 private:
  std::uint32_t by_ = 0;
};
struct Salted {
  std::size_t salt;
  std::size_t operator()(const std::string& s) const { return std::hash<std::string>()(s) ^ salt; }
};
struct Folded {
  bool ignore_case;
  bool operator()(const std::string& a, const std::string& b) const {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [this](int x, int y) {
             return ignore_case ? (x | 32) == (y | 32) : x == y;
           });
  }
};
struct FoldedHash {
  bool ignore_case;
  std::size_t operator()(const std::string& s) const {
    std::size_t sum = 0;
    for (const int c : s) sum = sum * 31 + static_cast<std::size_t>(ignore_case ? c | 32 : c);
    return sum;
  }
};

template <class T>
struct Tagged {  // an allocator with state that travels
  using value_type = T;
  int tag = 0;
  Tagged() = default;
  explicit Tagged(int t) : tag(t) {}
  template <class U>
  Tagged(const Tagged<U>& other) : tag(other.tag) {}
  static constexpr auto manta_members() { return std::tuple(&Tagged::tag); }
  T* allocate(std::size_t n) { return std::allocator<T>().allocate(n); }
  void deallocate(T* p, std::size_t n) { std::allocator<T>().deallocate(p, n); }
  bool operator==(const Tagged&) const = default;
};
template <class T>
struct InArena {  // and one with state that does not
  using value_type = T;
  void* arena = nullptr;
  InArena() = default;
  template <class U>
  InArena(const InArena<U>& other) : arena(other.arena) {}
  T* allocate(std::size_t n) { return std::allocator<T>().allocate(n); }
  void deallocate(T* p, std::size_t n) { std::allocator<T>().deallocate(p, n); }
  bool operator==(const InArena&) const = default;
};

struct Index {
  std::string name;
  std::map<int, std::set<int, Flagged>, Flagged> rows;
};

template <class Queue>
auto drained(Queue queue) {
  std::vector<typename Queue::value_type> out;
  for (; !queue.empty(); queue.pop()) out.push_back(queue.top());
  return out;
}

TEST(ContainerState, ComparatorsOfAllOrderedContainersTravel) {
  const std::set<int, Flagged> set({1, 2, 3}, Flagged{true});
  const std::map<int, std::string, Flagged> map({{1, "a"}, {2, "b"}}, Flagged{true});
  const std::multiset<int, Flagged> multiset({1, 2, 2}, Flagged{true});
  const std::multimap<int, int, Flagged> multimap({{1, 1}, {2, 2}, {2, 3}}, Flagged{true});

  auto set_back = round_trip(set);
  set_back.insert({0, 9});
  EXPECT_THAT(set_back, ElementsAre(9, 3, 2, 1, 0));
  auto map_back = round_trip(map);
  map_back.emplace(5, "e");
  EXPECT_EQ(map_back.begin()->first, 5);
  EXPECT_THAT(round_trip(multiset), ElementsAre(2, 2, 1));
  EXPECT_EQ(std::vector(multimap.begin(), multimap.end()).size(), 3u);
  EXPECT_TRUE(round_trip(multimap) == multimap);
  EXPECT_THAT(round_trip(std::set<int, Flagged>({2, 1}, Flagged{false})), ElementsAre(1, 2));
  EXPECT_THAT(round_trip(std::set<int, Flagged>(Flagged{true})), ElementsAre());
  EXPECT_TRUE(round_trip(std::set<int, Flagged>(Flagged{true})).key_comp().descending);
}

TEST(ContainerState, InsideStructsAndContainers) {
  Index index{"x", std::map<int, std::set<int, Flagged>, Flagged>(Flagged{true})};
  index.rows.emplace(1, std::set<int, Flagged>({1, 2}, Flagged{false}));
  index.rows.emplace(2, std::set<int, Flagged>({1, 2}, Flagged{true}));
  const auto back = round_trip(std::vector<Index>{index, index}).at(1);
  EXPECT_EQ(back.rows.begin()->first, 2);
  EXPECT_THAT(back.rows.at(2), ElementsAre(2, 1));
  EXPECT_THAT(back.rows.at(1), ElementsAre(1, 2));
}

TEST(ContainerState, WhatAComparatorPointsToIsThereWhenItCompares) {
  const auto rank = std::make_shared<std::map<std::string, int>>();
  *rank = {{"low", 1}, {"mid", 2}, {"high", 3}};
  const std::set<std::string, ByRank> set({"high", "low", "mid"}, ByRank{rank});
  const auto back = round_trip(std::pair(rank, set));
  EXPECT_THAT(back.second, ElementsAre("low", "mid", "high"));
  EXPECT_EQ(back.second.key_comp().rank, back.first);
}

TEST(ContainerState, ComparatorsThatListTheirMembers) {
  const std::set<std::uint32_t, Rotated> set({1, 5, 9}, Rotated(5));
  EXPECT_THAT(round_trip(set), ElementsAre(5, 9, 1));
}

TEST(ContainerState, HashesAndEqualities) {
  std::unordered_map<std::string, int, Salted> salted(0, Salted{77});
  salted["a"] = 1;
  const auto back = round_trip(salted);
  EXPECT_EQ(back.hash_function().salt, 77u);
  EXPECT_EQ(back.at("a"), 1);

  std::unordered_set<std::string, FoldedHash, Folded> folded(0, FoldedHash{true}, Folded{true});
  folded.insert({"Ab", "aB", "c"});
  const auto folded_back = round_trip(folded);
  EXPECT_EQ(folded_back.size(), 2u);
  EXPECT_TRUE(folded_back.contains("AB"));
  EXPECT_TRUE(folded_back.contains("C"));
}

TEST(ContainerState, PriorityQueues) {
  using Queue = std::priority_queue<int, std::vector<int>, Flagged>;
  Queue least(Flagged{true});
  for (const int i : {5, 1, 4}) least.push(i);
  auto back = round_trip(least);
  back.push(0);
  EXPECT_THAT(drained(back), ElementsAre(0, 1, 4, 5));
  EXPECT_THAT(drained(round_trip(Queue(Flagged{false}))), ElementsAre());
}

TEST(ContainerState, APriorityQueueReadWithAnotherOrderIsInOrder) {
  std::priority_queue<int> greatest;
  for (const int i : {5, 1, 4, 9}) greatest.push(i);
  using Least = std::priority_queue<int, std::vector<int>, std::greater<>>;
  EXPECT_THAT(drained(deserialize<Least>(serialize(greatest))), ElementsAre(1, 4, 5, 9));
}

TEST(ContainerState, Allocators) {
  const std::vector<int, Tagged<int>> numbers({1, 2, 3}, Tagged<int>(7));
  EXPECT_EQ(round_trip(numbers).get_allocator().tag, 7);
  EXPECT_EQ(round_trip(numbers), numbers);
  using Text = std::basic_string<char, std::char_traits<char>, Tagged<char>>;
  const std::list<Text, Tagged<Text>> texts({Text("a", Tagged<char>(2))}, Tagged<Text>(1));
  const auto back = round_trip(texts);
  EXPECT_EQ(back.get_allocator().tag, 1);
  EXPECT_EQ(back.front().get_allocator().tag, 2);
  using Set = std::set<int, Flagged, Tagged<int>>;
  const auto set = round_trip(Set({1, 2}, Flagged{true}, Tagged<int>(3)));
  EXPECT_THAT(set, ElementsAre(2, 1));
  EXPECT_EQ(set.get_allocator().tag, 3);
  using Stack = std::stack<int, std::vector<int, Tagged<int>>>;
  EXPECT_EQ(round_trip(Stack(numbers)).top(), 3);
}

TEST(ContainerState, OfPolymorphicAllocatorsOnlyTheElementsTravel) {
  std::pmr::monotonic_buffer_resource arena;
  std::pmr::vector<std::pmr::string> words(&arena);
  words.emplace_back("one");
  const auto back = round_trip(words);
  EXPECT_EQ(back, words);
  EXPECT_EQ(back.get_allocator().resource(), std::pmr::get_default_resource());
  EXPECT_EQ(type_text<std::pmr::vector<int>>(), "seq<i32>");
}

TEST(ContainerState, ThatHasNoneCostsNothing) {
  const auto compare = [](int a, int b) { return b < a; };
  using Lambda = std::set<int, decltype(compare)>;
  EXPECT_EQ(type_text<Lambda>(), "set<i32>");
  EXPECT_THAT(round_trip(Lambda({1, 2})), ElementsAre(2, 1));
  EXPECT_EQ((type_text<std::map<int, int, std::less<>>>()), "map<i32,i32>");
}

TEST(ContainerState, IsInTheTextSoThatAnotherTypeRefuses) {
  EXPECT_EQ((type_text<std::set<int, Flagged>>()),
            "with<less struct Flagged{descending:bool},set<i32>>");
  const Bytes bytes = serialize(std::set<int, Flagged>({1}, Flagged{true}));
  EXPECT_THROW(deserialize<std::set<int>>(bytes), SerializationError);
  EXPECT_THROW((deserialize<std::set<int, Rotated>>(bytes)), SerializationError);
  EXPECT_THROW((deserialize<std::set<int, Flagged>>(serialize(std::set<int>{1}))),
               SerializationError);
}

TEST(ContainerState, AComparatorOfAConstType) {
  const Flagged flagged{true};
  const std::set<int, decltype(flagged)> set({1, 2}, flagged);
  EXPECT_THAT(round_trip(set), ElementsAre(2, 1));
}

TEST(ContainerState, PythonGetsTheElements) {
  const std::map<int, std::string, Flagged> map({{1, "a"}, {2, "b"}}, Flagged{true});
  std::map<int, std::string, std::greater<>> plain{{1, "a"}, {2, "b"}};
  EXPECT_EQ(to_pickle(map).stream, to_pickle(plain).stream);
}

template <class T>
std::string why_not() {
  const auto report = inspect_serializability<T>("value");
  return report.serializable ? "" : report.failures.at(0).path + ": " + report.failures.at(0).why;
}

TEST(ContainerState, ThatCannotTravelIsRefusedWithAdvice) {
  using Capturing = decltype([factor = -1](int a, int b) { return a * factor < b * factor; });
  EXPECT_THAT((why_not<std::set<int, bool (*)(int, int)>>()), HasSubstr("struct with an operator"));
  EXPECT_THAT((why_not<std::set<int, std::function<bool(int, int)>>>()),
              HasSubstr("struct with an operator"));
  EXPECT_THAT((why_not<std::map<int, int, Capturing>>()), HasSubstr("struct with an operator"));
  EXPECT_THAT((why_not<std::unordered_set<int, std::size_t (*)(int)>>()),
              HasSubstr("struct with an operator"));
  EXPECT_THAT(
      (why_not<std::priority_queue<int, std::vector<int>, std::function<bool(int, int)>>>()),
      HasSubstr("struct with an operator"));
  EXPECT_THAT((why_not<std::vector<int, InArena<int>>>()), HasSubstr("allocator"));
  EXPECT_THAT((why_not<std::basic_string<char, std::char_traits<char>, InArena<char>>>()),
              HasSubstr("allocator"));
  EXPECT_THAT((why_not<std::unique_ptr<int, void (*)(int*)>>()), HasSubstr("deleter"));
}

struct Far {
  const int* origin;
  bool operator()(int a, int b) const { return std::abs(a - *origin) < std::abs(b - *origin); }
};
TEST(ContainerState, TheMemberOfAComparatorIsNamed) {
  const std::string why = why_not<std::vector<std::set<int, Far>>>();
  EXPECT_THAT(why, HasSubstr("value[].comparator.origin: a raw pointer"));
}

// What was mutated is an error, or a set whose order holds.
TEST(ContainerState, MutatedBytesGiveAWellFormedContainer) {
  using Set = std::set<int, Flagged>;
  const Encoded good = encoded(Set({1, 2, 3, 4, 5}, Flagged{true}));
  for (std::size_t bit = 0; bit < good.meta.size() * 8; ++bit) {
    MetaBytes meta = good.meta;
    meta.data()[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
    try {
      const Set back = decode<Set>(EncodedView(meta, good.buffers, {}));
      EXPECT_TRUE(std::is_sorted(back.begin(), back.end(), back.key_comp()));
    } catch (const SerializationError&) {
    }
  }
}

}  // namespace
}  // namespace manta::serialization
