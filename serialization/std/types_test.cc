// Every supported type goes there and back unchanged.
#include <bitset>
#include <chrono>
#include <complex>
#include <deque>
#include <filesystem>
#include <forward_list>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <valarray>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "../../base/error.h"
#include "../round_trip_test.h"
#include "containers_test.h"

namespace manta::serialization {
namespace {

template <class T>
void expect_round_trip(const T& value) {
  EXPECT_EQ(round_trip(value), value) << type_text<T>();
}

enum class Color : std::uint8_t { kRed, kGreen };
enum Plain { kZero, kOne, kTwo };

struct Point {
  double x, y;
  bool operator==(const Point&) const = default;
};
struct Padded {
  char c;
  int i;
  bool b;
  bool operator==(const Padded&) const = default;
};
struct Arrays {
  char name[100] = {};
  int matrix[3][2] = {};
  std::string words[3] = {};
  std::array<double, 2> pair = {};
  bool operator==(const Arrays&) const = default;
};
struct NoBase {};
struct Derived : NoBase {
  int x = 0;
  std::string y = {};
  bool operator==(const Derived& o) const { return x == o.x && y == o.y; }
};
struct Grid {  // elements that are C arrays, and const
  std::array<int[3], 2> rows;
  std::array<const int, 2> size;
  std::string name;
};
struct Nothing {
  bool operator==(const Nothing&) const = default;
};

TEST(Types, Numbers) {
  expect_round_trip(true);
  expect_round_trip('c');
  expect_round_trip(static_cast<signed char>(-1));
  expect_round_trip(std::numeric_limits<short>::min());
  expect_round_trip(std::numeric_limits<unsigned long long>::max());
  expect_round_trip(-std::numeric_limits<float>::infinity());
  expect_round_trip(std::numeric_limits<double>::denorm_min());
  expect_round_trip(L'x');
  expect_round_trip(u8'x');
  expect_round_trip(U'x');
  expect_round_trip(std::byte{200});
  expect_round_trip(Color::kGreen);
  expect_round_trip(kTwo);
}

TEST(Types, Strings) {
  expect_round_trip(std::string());
  expect_round_trip(std::string("zero\0inside", 11));
  expect_round_trip(std::string(5000, 'x'));
  expect_round_trip(std::u16string(u"\u00e9t\u00e9"));
  expect_round_trip(std::u32string(3000, U'x'));
  expect_round_trip(std::wstring(L"wide"));
}

template <class C>
void expect_sequences() {
  expect_round_trip(C());
  expect_round_trip(C{typename C::value_type(), typename C::value_type()});
}

TEST(Types, Sequences) {
  expect_sequences<std::vector<int>>();
  expect_sequences<std::vector<std::string>>();
  expect_sequences<std::vector<bool>>();
  expect_sequences<std::vector<Padded>>();
  expect_sequences<std::list<double>>();
  expect_sequences<std::list<std::string>>();
  expect_sequences<std::deque<Color>>();
  expect_sequences<std::forward_list<int>>();
  expect_sequences<std::forward_list<std::string>>();
  expect_round_trip(std::vector<bool>(10000, true));
  expect_round_trip(std::deque<int>(5000, 7));
  expect_round_trip(std::vector<std::vector<std::vector<int>>>{{{1}, {}}, {{2, 3}}});
  expect_round_trip(std::array<int, 3>{1, 2, 3});
  expect_round_trip(std::array<std::string, 2>{"a", "b"});
  expect_round_trip(std::array<int, 0>{});
  const std::valarray<double> numbers = {1, 2, 3};
  EXPECT_TRUE((round_trip(numbers) == numbers).min());
}

TEST(Types, SequencesStandForEachOther) {
  const std::vector<double> large(3000, 2.5);
  EXPECT_EQ((round_trip<std::vector<double>, std::list<double>>(large)).size(), 3000u);
  EXPECT_EQ((round_trip<std::list<int>, std::vector<int>>({1, 2})), (std::vector<int>{1, 2}));
  EXPECT_EQ((round_trip<std::deque<bool>, std::vector<bool>>({true, false})),
            (std::vector<bool>{true, false}));
  EXPECT_EQ((round_trip<std::array<Padded, 1>, std::vector<Padded>>({Padded{'c', 2, true}})),
            (std::vector<Padded>{{'c', 2, true}}));
  try {
    round_trip<std::vector<int>, std::array<int, 3>>({1, 2});
    FAIL();
  } catch (const SerializationError& error) {
    EXPECT_STREQ(error.what(), "a sequence of 2 elements cannot be read as a std::array of 3");
  }
}

TEST(Types, SetsAndMaps) {
  expect_round_trip(std::set<std::string>{"a", "b"});
  expect_round_trip(std::set<int, std::greater<int>>{1, 5, 3});
  expect_round_trip(std::multiset<int>{1, 1, 2});
  expect_round_trip(std::unordered_set<std::string>{"x", "y"});
  expect_round_trip(std::unordered_multiset<int>{4, 4});
  expect_round_trip(std::map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}});
  expect_round_trip(std::multimap<int, int>{{1, 2}, {1, 3}});
  expect_round_trip(std::unordered_map<int, std::string>{{1, "x"}});
  expect_round_trip(std::unordered_multimap<int, int>{{1, 2}, {1, 2}});
  const std::unordered_map<int, int> hashed{{3, 4}, {1, 2}};
  EXPECT_EQ((round_trip<std::unordered_map<int, int>, std::map<int, int>>(hashed)),
            (std::map<int, int>{{1, 2}, {3, 4}}));
}

TEST(Types, Adapters) {
  std::stack<int> stack;
  stack.push(1);
  stack.push(2);
  expect_round_trip(stack);
  std::queue<std::string> queue;
  queue.push("a");
  expect_round_trip(queue);
  std::priority_queue<int> heap;
  heap.push(3);
  heap.push(9);
  EXPECT_EQ(round_trip(heap).top(), 9);
}

TEST(Types, ProductsAndSums) {
  expect_round_trip(std::pair<int, std::string>{1, "x"});
  expect_round_trip(std::tuple<>());
  expect_round_trip(std::tuple<std::string>("x"));
  expect_round_trip(std::tuple<int, std::string, double>(1, "x", 2));
  expect_round_trip(std::optional<std::string>());
  expect_round_trip(std::optional<std::string>("x"));
  expect_round_trip(std::optional<std::optional<int>>(std::optional<int>()));
  expect_round_trip(std::variant<std::monostate, int, std::string>());
  expect_round_trip(std::variant<std::monostate, int, std::string>("x"));
  expect_round_trip(std::variant<int, int>(std::in_place_index<1>, 3));
}

TEST(Types, ExpectedLikeResults) {
  using Result = Expected<std::vector<int>, std::string>;
  expect_round_trip(Result(std::vector<int>{1, 2}));
  expect_round_trip(Result(Unexpected<std::string>("no")));
  EXPECT_EQ(type_text<Result>(), "expected<seq<i32>|str8>");
}

TEST(Types, TheRestOfTheStandardLibrary) {
  using std::chrono::milliseconds;
  expect_round_trip(milliseconds(-5));
  expect_round_trip(std::chrono::duration<double>(0.25));
  expect_round_trip(std::chrono::system_clock::time_point(std::chrono::hours(9)));
  expect_round_trip(std::complex<double>(1, -2));
  expect_round_trip(std::vector<std::complex<float>>{{1, 2}});
  expect_round_trip(std::bitset<70>("1011"));
  expect_round_trip(std::filesystem::path("/tmp/x"));
}

TEST(Types, Aggregates) {
  expect_round_trip(Point{1, 2});
  expect_round_trip(Padded{'x', -1, true});
  expect_round_trip(Nothing());
  Arrays arrays{"name", {{1, 2}, {3, 4}, {5, 6}}, {"a", "b", "c"}, {7, 8}};
  expect_round_trip(arrays);
  Derived derived;
  derived.x = 3;
  derived.y = "y";
  expect_round_trip(derived);
  expect_round_trip(std::map<int, std::vector<Arrays>>{{1, {arrays, arrays}}});
  const auto grid = round_trip(Grid{{{{1, 2, 3}, {4, 5, 6}}}, {7, 8}, "grid"});
  EXPECT_EQ(grid.rows[1][2], 6);
  EXPECT_EQ(grid.size[1], 8);
  struct Local {
    std::string text;
    bool operator==(const Local&) const = default;
  };
  expect_round_trip(Local{"local"});
}

TEST(Types, PaddingIsWrittenAsZeros) {
  alignas(Padded) unsigned char dirty[sizeof(Padded)];
  std::memset(dirty, 0xff, sizeof dirty);
  auto* padded = new (dirty) Padded;
  padded->c = 'c';
  padded->i = 1;
  padded->b = true;
  const std::vector<Padded> clean{{'c', 1, true}};
  std::vector<Padded> other(1);
  std::memcpy(static_cast<void*>(other.data()), dirty, sizeof dirty);
  EXPECT_EQ(encoded(other).meta, encoded(clean).meta);
}

TEST(Types, BoolsAreChecked) {
  Encoded bytes = encoded(std::vector<Padded>{{'c', 1, true}});
  bytes.meta.back() = std::byte{0};
  bytes.meta[bytes.meta.size() - 4] = std::byte{2};
  EXPECT_THROW(decode<std::vector<Padded>>(bytes), SerializationError);
  Encoded one = encoded(true);
  one.meta.back() = std::byte{2};
  EXPECT_THROW(decode<bool>(one), SerializationError);
}

struct MoveOnly {
  std::unique_ptr<int> p;
};
struct Immovable {
  std::mutex unused = {};
};
struct Pinned {
  explicit Pinned(int n) : value(n) {}
  Pinned(const Pinned&) = delete;
  int manta_reduce() const { return value; }
  const int value;
};
struct HoldsPinned {
  int before;
  Pinned pinned;
  std::string after;
};

TEST(Types, MoveOnlyAndImmovable) {
  EXPECT_EQ(*round_trip(MoveOnly{std::make_unique<int>(5)}).p, 5);
  EXPECT_EQ((round_trip<Pinned>(Pinned(7))).value, 7);
  const HoldsPinned held = round_trip(HoldsPinned{1, Pinned(2), "3"});
  EXPECT_EQ(held.pinned.value, 2);
  EXPECT_EQ(held.after, "3");
  std::list<Pinned> list;
  list.emplace_back(1);
  list.emplace_back(2);
  EXPECT_EQ(round_trip(list).back().value, 2);
  std::map<int, Pinned> map;
  map.emplace(1, 5);
  EXPECT_EQ(round_trip(map).at(1).value, 5);
  std::optional<Pinned> maybe(std::in_place, 4);
  EXPECT_EQ(round_trip(maybe)->value, 4);
  EXPECT_EQ(round_trip(std::make_unique<Pinned>(6))->value, 6);
  EXPECT_EQ(round_trip(std::make_shared<Pinned>(6))->value, 6);
}

class Account {
 public:
  Account() = default;
  Account(int id, std::string owner) : id_(id), owner_(std::move(owner)) {}
  static constexpr auto manta_members() { return std::tuple(&Account::id_, &Account::owner_); }
  bool operator==(const Account&) const = default;

 private:
  int id_ = 0;
  std::string owner_;
};

TEST(Types, MembersListedByTheClass) {
  expect_round_trip(Account(3, "x"));
  expect_round_trip(std::vector<Account>{Account(3, "x"), Account()});
  EXPECT_EQ(type_text<Account>(), "struct Account{id_:i32,owner_:str8}");
}

}  // namespace
}  // namespace manta::serialization
