// Structs and classes in each container.
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>

#include <gtest/gtest.h>

#include "containers_test.h"

namespace manta::serialization {
namespace {

struct Padded {
  char c;
  int i;
  bool b;
  auto operator<=>(const Padded&) const = default;
  static Padded sample(Random& random) {
    return {make_sample<char>(random), make_sample<int>(random), make_sample<bool>(random)};
  }
};

// NOLINTNEXTLINE(readability-identifier-naming): of a variable in the comparison that Clang makes
struct Arrays {
  char name[100];
  int matrix[3][2];
  std::string words[3];
  auto operator<=>(const Arrays&) const = default;
  static Arrays sample(Random& random) {
    Arrays arrays{};
    for (char& c : arrays.name) c = make_sample<char>(random);
    for (auto& row : arrays.matrix) row[1] = make_sample<int>(random);
    for (std::string& word : arrays.words) word = make_sample<std::string>(random);
    return arrays;
  }
};

struct Nothing {
  auto operator<=>(const Nothing&) const = default;
  static Nothing sample(Random&) { return {}; }
};

struct Members64 {
  bool on0;
  int number0;
  double size0;
  std::string name0;
  bool on1;
  int number1;
  double size1;
  std::string name1;
  bool on2;
  int number2;
  double size2;
  std::string name2;
  bool on3;
  int number3;
  double size3;
  std::string name3;
  bool on4;
  int number4;
  double size4;
  std::string name4;
  bool on5;
  int number5;
  double size5;
  std::string name5;
  bool on6;
  int number6;
  double size6;
  std::string name6;
  bool on7;
  int number7;
  double size7;
  std::string name7;
  bool on8;
  int number8;
  double size8;
  std::string name8;
  bool on9;
  int number9;
  double size9;
  std::string name9;
  bool on10;
  int number10;
  double size10;
  std::string name10;
  bool on11;
  int number11;
  double size11;
  std::string name11;
  bool on12;
  int number12;
  double size12;
  std::string name12;
  bool on13;
  int number13;
  double size13;
  std::string name13;
  bool on14;
  int number14;
  double size14;
  std::string name14;
  bool on15;
  int number15;
  double size15;
  std::string name15;
  bool operator==(const Members64&) const = default;
  static Members64 sample(Random& random) {
    Members64 value{};
    visit_members(value, [&](auto&... member) {
      ((member = make_sample<std::remove_reference_t<decltype(member)>>(random)), ...);
    });
    return value;
  }
};

class Account {
 public:
  Account() = default;
  static constexpr auto manta_members() { return std::tuple(&Account::id_, &Account::owner_); }
  auto operator<=>(const Account&) const = default;
  static Account sample(Random& random) {
    Account account;
    account.id_ = make_sample<int>(random);
    account.owner_ = make_sample<std::string>(random);
    return account;
  }

 private:
  int id_ = 0;
  std::string owner_;
};

class File {
 public:
  explicit File(std::string path) : path_(std::move(path)) {}
  std::string manta_reduce() const { return path_; }
  bool operator==(const File&) const = default;
  static File sample(Random& random) { return File(make_sample<std::string>(random)); }

 private:
  std::string path_;
};

struct {
  int left;
  std::string right;
} unnamed{};
using Unnamed = decltype(unnamed);

}  // namespace

template <>
struct Sample<Unnamed> {
  static Unnamed make(Random& random) {
    return {make_sample<int>(random), make_sample<std::string>(random)};
  }
  static bool same(const Unnamed& a, const Unnamed& b) {
    return a.left == b.left && a.right == b.right;
  }
};

namespace {

TEST(LeafClasses, StructsInEachContainer) {
  RoundTrips trips;
  trips.of_each_in_each<Padded, Arrays, Nothing>();
  EXPECT_EQ(trips.wrong(), "");
  EXPECT_EQ(trips.types(), 3 * (kOfAnything + 1 + kOrdered));
}

TEST(LeafClasses, OneOf64MembersInEachContainer) {
  static_assert(member_count<Members64> == 64);
  RoundTrips trips;
  trips.of_each_in_each<Members64>();
  EXPECT_EQ(trips.wrong(), "");
  EXPECT_EQ(trips.types(), kOfAnything + 1);
}

TEST(LeafClasses, LocalAndUnnamedOnesInEachContainer) {
  struct Local {
    std::string text;
    double number;
    bool operator==(const Local&) const = default;
    static Local sample(Random& random) {
      return {make_sample<std::string>(random), make_sample<double>(random)};
    }
  };
  RoundTrips trips;
  trips.of_each_in_each<Local, Unnamed>();
  EXPECT_EQ(trips.wrong(), "");
  EXPECT_EQ(trips.types(), 2 * kOfAnything + 1);
}

TEST(LeafClasses, OnesWithHooksInEachContainer) {
  RoundTrips trips;
  trips.of_each_in_each<Account, File>();
  EXPECT_EQ(trips.wrong(), "");
  EXPECT_EQ(trips.types(), 2 * (kOfAnything + 1) + kOrdered);
}

}  // namespace
}  // namespace manta::serialization
