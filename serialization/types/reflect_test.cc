#include "reflect.h"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

namespace manta::serialization {
namespace {

struct Empty {};
struct One {
  int only;
};
struct WithArrays {
  char name[4096];
  int matrix[3][2];
  double last;
};
struct NoDefault {
  explicit NoDefault(int) {}
  NoDefault(const NoDefault&) = delete;
};
struct HoldsNoDefault {
  int a;
  NoDefault b;
  NoDefault c[3];
  std::string d;
};
struct Many {
  std::vector<int> a = {1};
  std::map<std::string, std::unique_ptr<int>> b;
  std::optional<std::string> c;
  std::variant<int, std::string> d;
  std::mutex e;
  const int f = 3;
  std::unique_ptr<Many> g;
  struct {
    int inner;
  } h;
};
struct Derived : Empty {
  int x;
  int y;
};
struct DerivedFromData : One {
  int x;
};
struct HasReference {
  int a;
  int& r;
};
struct Anything {
  template <class T>
  Anything(T&&) {}
};
struct HoldsAnything {
  int a;
  Anything b;
  int c;
};
class Private {
 public:
  int a;

 private:
  [[maybe_unused]] int b_ = 0;
};
struct Sixty4 {
  int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20,
      a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39,
      a40, a41, a42, a43, a44, a45, a46, a47, a48, a49, a50, a51, a52, a53, a54, a55, a56, a57, a58,
      a59, a60, a61, a62, a63;
};
struct Sixty5 {
  Sixty4 s;
  int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20,
      a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39,
      a40, a41, a42, a43, a44, a45, a46, a47, a48, a49, a50, a51, a52, a53, a54, a55, a56, a57, a58,
      a59, a60, a61, a62, a63;
};

TEST(Reflect, CountsMembersOfEveryKind) {
  EXPECT_EQ(member_count<Empty>, 0u);
  EXPECT_EQ(member_count<One>, 1u);
  EXPECT_EQ(member_count<WithArrays>, 3u);
  EXPECT_EQ(member_count<HoldsNoDefault>, 4u);
  EXPECT_EQ(member_count<Many>, 8u);
  EXPECT_EQ(member_count<Derived>, 2u);
  EXPECT_EQ(member_count<Sixty4>, 64u);
}

TEST(Reflect, NamesMembers) {
  EXPECT_EQ((member_name<Many, 1>()), "b");
  EXPECT_EQ((member_name<Many, 4>()), "e");
  EXPECT_EQ((member_name<WithArrays, 1>()), "matrix");
  EXPECT_EQ((member_name<Sixty4, 63>()), "a63");
}

TEST(Reflect, ReflectsLocalAndUnnamedTypes) {
  struct Local {
    std::mutex lock;
    std::string text;
  };
  struct {
    int left;
    int right;
  } unnamed{};
  EXPECT_EQ((member_name<Local, 1>()), "text");
  EXPECT_EQ((member_name<decltype(unnamed), 1>()), "right");
  EXPECT_EQ(short_name<Local>(), "Local");
  EXPECT_EQ(short_name<decltype(unnamed)>(), "");
}

TEST(Reflect, RefusesWhatWouldLoseData) {
  EXPECT_EQ(reflection_of<DerivedFromData>.outcome, Reflection::kBases);
  EXPECT_EQ(reflection_of<HasReference>.outcome, Reflection::kOpaque);
  EXPECT_EQ(reflection_of<Private>.outcome, Reflection::kNoAggregate);
  EXPECT_EQ(reflection_of<Sixty5>.outcome, Reflection::kTooMany);
  EXPECT_TRUE(reflection_of<HoldsAnything>.outcome == Reflection::kOpaque ||
              member_count<HoldsAnything> == 3);
}

TEST(Reflect, VisitsReferencesToTheMembers) {
  WithArrays object{"x", {{1, 2}, {3, 4}, {5, 6}}, 2.5};
  visit_members(object, [](auto& name, auto& matrix, auto& last) {
    static_assert(std::is_same_v<decltype(name), char(&)[4096]>);
    matrix[2][1] = 60;
    last = 3;
  });
  EXPECT_EQ(object.matrix[2][1], 60);
  EXPECT_EQ(object.last, 3);
}

TEST(Reflect, ShortNamesAreTheSameOnAllCompilers) {
  EXPECT_EQ(short_name<std::vector<std::string>>(), "vector");
  EXPECT_EQ(short_name<One>(), "One");
  EXPECT_TRUE(is_std_type<std::vector<int>>);
  EXPECT_TRUE(is_std_type<std::string>);
  EXPECT_FALSE(is_std_type<One>);
}

}  // namespace
}  // namespace manta::serialization
