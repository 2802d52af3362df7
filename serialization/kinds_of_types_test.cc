// Types beyond the usual: each travels unchanged, or is refused with advice; inspecting compiles for all.
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../base/error.h"
#include "foreign/pickle.h"
#include "inspect.h"
#include "round_trip_test.h"

namespace manta::serialization {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

struct Bits {
  unsigned a : 3;
  int b : 5;
};
struct [[gnu::packed]] Packed {
  char kind;
  double value;
  int n;
  static constexpr auto manta_members() {
    return std::tuple(&Packed::kind, &Packed::value, &Packed::n);
  }
};
struct [[gnu::packed]] PackedOnly {
  char kind;
  double value;
};
struct Either {
  int kind;
  union {
    int i;
    float f;
  };
};
struct EitherListed {
  int kind = 0;
  union {
    int i = 0;
    float f;
  };
  static constexpr auto manta_members() {
    return std::tuple(&EitherListed::kind, &EitherListed::i);
  }
};
struct Reduced {
  unsigned low : 4;
  unsigned high : 4;
  auto manta_reduce() const { return std::tuple(unsigned{low}, unsigned{high}); }
  static Reduced manta_restore(unsigned low, unsigned high) {
    return Reduced{low & 15u, high & 15u};
  }
};
struct Changing {
  int a;
  volatile int b;
};
struct ChangingListed {
  int a = 0;
  volatile int b = 0;
  static constexpr auto manta_members() {
    return std::tuple(&ChangingListed::a, &ChangingListed::b);
  }
};
struct NoDefaults {  // an array of it takes whole elements only
  std::reference_wrapper<int> first;
  std::reference_wrapper<int> others[2];
};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
struct Flexible {
  int length;
  int items[];
};
struct FlexibleOfStructs {
  std::string name;
  double weights[3];
  NoDefaults* items[];
};
struct FlexibleAfterNoDefault {
  std::reference_wrapper<int> target;
  char items[];
};
struct FlexibleListed {
  int length = 0;
  int items[];
  static constexpr auto manta_members() { return std::tuple(&FlexibleListed::length); }
};
#pragma GCC diagnostic pop
struct Declared;
struct HoldsDeclared {
  std::unique_ptr<Declared> one;
  std::shared_ptr<Declared> two;
};
struct OwnAddress {
  int a;
  int operator&() const = delete;
  bool operator==(const OwnAddress&) const = default;
};
struct HoldsOwnAddress {
  OwnAddress x;
  std::string s;
};
struct Comma {
  int a;
  template <class T>
  void operator,(T&&) const = delete;
};
struct HoldsComma {
  Comma x;
  std::string s;
  Comma y;
};
struct NamedParts {  // members of unnamed types have names
  struct {
    int x, y;
  } position;
  std::string name;
};
enum class Switch : bool { kOff, kOn };
template <class T>
std::string why_not() {
  const auto report = inspect_serializability<T>("value");
  return report.serializable ? "" : report.failures.at(0).path + ": " + report.failures.at(0).why;
}

template <class T>
void expect_same(const T& value) {
  EXPECT_EQ(round_trip(value), value) << type_text<T>();
}

TEST(KindsOfTypes, CalendarDatesTravel) {
  using namespace std::chrono;
  const year_month_day date = 2024y / February / 29d;
  expect_same(date);
  expect_same(2023y / February / 31d);  // not ok()
  expect_same(year(-32767) / month(0) / day(255));
  expect_same(year::min());
  expect_same(month(200));
  expect_same(day(0));
  expect_same(Sunday);
  expect_same(weekday(99));
  expect_same(Tuesday[3]);
  expect_same(Tuesday[0]);
  expect_same(Friday[last]);
  expect_same(May / 4d);
  expect_same(May / last);
  expect_same(May / Monday[2]);
  expect_same(May / Monday[last]);
  expect_same(2024y / May);
  expect_same(2024y / May / last);
  expect_same(2024y / May / Monday[5]);
  expect_same(2024y / May / Monday[last]);
  expect_same(sys_days(date));
  expect_same(local_days(date));
  expect_same(local_days(date) + 3h + 5us);
  expect_same(duration<int, std::ratio<7, 13>>(-5));
  expect_same(duration<float, std::ratio<86400>>(0.25F));
  expect_same(std::map<year_month_day, std::vector<weekday>>{{date, {Monday, Sunday}}});
  expect_same(std::variant<year, month_day>(May / 1d));
  EXPECT_EQ(type_text<year_month>(),
            "struct year_month{year:struct year{value:i16},month:struct month{value:u8}}");
}

template <class D>
void expect_same_time(D since) {
  const std::chrono::hh_mm_ss<D> time(since);
  const auto back = round_trip(time);
  EXPECT_EQ(back.is_negative(), time.is_negative());
  EXPECT_EQ(back.hours(), time.hours());
  EXPECT_EQ(back.minutes(), time.minutes());
  EXPECT_EQ(back.seconds(), time.seconds());
  EXPECT_EQ(back.subseconds(), time.subseconds());
}

TEST(KindsOfTypes, TimesOfDayTravel) {
  expect_same_time(3h);
  expect_same_time(-(1h + 2min + 3s + 4ms));
  expect_same_time(25h + 1ns);
  expect_same_time(std::chrono::duration<double>(3661.5));
  expect_same_time(std::chrono::duration<int, std::ratio<1, 3>>(1));
  expect_same_time(std::chrono::duration<int, std::ratio<1, 3>>(-2));
  expect_same_time(std::chrono::duration<long, std::ratio<7, 13>>(100));
}

__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

struct Wides {
  char c;
  Wide a;
  UnsignedWide b;
  bool operator==(const Wides&) const = default;
};

TEST(KindsOfTypes, Int128Travels) {
  const Wide big = (Wide{1} << 100) + 7;
  EXPECT_TRUE(round_trip(big) == big);
  EXPECT_TRUE(round_trip(-big) == -big);
  EXPECT_TRUE(round_trip(~UnsignedWide{0}) == ~UnsignedWide{0});
  EXPECT_TRUE((round_trip(Wides{'x', -big, 5}) == Wides{'x', -big, 5}));
  EXPECT_TRUE(round_trip(std::vector<Wide>{big, -1}) == (std::vector<Wide>{big, -1}));
  EXPECT_TRUE(round_trip(std::map<Wide, std::string>{{big, "x"}}).at(big) == "x");
  EXPECT_EQ(type_text<Wide>(), "i128");
  EXPECT_EQ(type_text<std::vector<UnsignedWide>>(), "seq<u128>");
  const std::string pickled(to_pickle(Wide{1} << 64).stream.view());
  EXPECT_THAT(pickled, HasSubstr(std::string("\x8a\x09\0\0\0\0\0\0\0\0\1", 11)));
}

TEST(KindsOfTypes, MembersThatAreListedTravel) {
  Packed packed{};
  packed.kind = 'k';
  packed.value = 2.5;
  packed.n = -7;
  const Packed back = round_trip(packed);
  EXPECT_EQ(double{back.value}, 2.5);
  EXPECT_EQ(int{back.n}, -7);
  EXPECT_EQ(round_trip(std::vector<Packed>{packed, packed}).at(1).kind, 'k');
  EitherListed either;
  either.i = 9;
  EXPECT_EQ(round_trip(either).i, 9);
  ChangingListed changing;
  changing.b = 4;
  EXPECT_EQ(int{round_trip(changing).b}, 4);
  EXPECT_EQ(unsigned{round_trip(Reduced{3, 9}).high}, 9u);
  FlexibleListed flexible;
  flexible.length = 6;
  EXPECT_EQ(round_trip(flexible).length, 6);
}

TEST(KindsOfTypes, MembersThatCannotBeSeenAreRefusedWithAdvice) {
  EXPECT_THAT(why_not<Bits>(), HasSubstr("bit field"));
  EXPECT_THAT((why_not<std::map<int, std::vector<Bits>>>()), HasSubstr("value[][]: a bit field"));
  EXPECT_THAT(why_not<PackedOnly>(), HasSubstr("manta_members"));
  EXPECT_THAT(why_not<Either>(), HasSubstr("anonymous"));
  EXPECT_THAT(why_not<Changing>(), HasSubstr("volatile"));
  EXPECT_THAT(why_not<Flexible>(), HasSubstr("value: its last member is an array whose length"));
  EXPECT_THAT((why_not<std::map<int, std::vector<FlexibleOfStructs>>>()),
              HasSubstr("value[][]: its last member is an array whose length"));
  EXPECT_THAT(why_not<FlexibleAfterNoDefault>(), HasSubstr("whose length"));
  EXPECT_EQ(reflection_of<NoDefaults>.members, 2u);
  EXPECT_THAT(why_not<HoldsDeclared>(), HasSubstr("value.one: its class is only declared"));
  EXPECT_THAT(why_not<Declared>(), HasSubstr("only declared"));
  EXPECT_THAT(why_not<int(int)>(), HasSubstr("RemoteFunction"));
  EXPECT_THAT((why_not<int (*)(int)>()), HasSubstr("RemoteFunction"));
  EXPECT_THAT((why_not<int Either::*>()), HasSubstr("RemoteFunction"));
  EXPECT_THAT(why_not<long double>(), HasSubstr("double"));
  EXPECT_THAT((why_not<int[]>()), HasSubstr("std::vector"));
#if defined(__SIZEOF_FLOAT128__)
  __extension__ using Quad = __float128;
  EXPECT_THAT(why_not<Quad>(), HasSubstr("double"));
#endif
}

TEST(KindsOfTypes, OperatorsOfTheirOwnAreNotCalled) {
  const auto back = round_trip(HoldsOwnAddress{{4}, "s"});
  EXPECT_EQ(back.x.a, 4);
  EXPECT_EQ(round_trip(std::vector<OwnAddress>{{1}, {2}}).at(1).a, 2);
  EXPECT_EQ(round_trip(HoldsComma{{1}, "s", {2}}).y.a, 2);
  EXPECT_EQ((kMemberName<HoldsOwnAddress, 0>), "x");
}

TEST(KindsOfTypes, Siblings) {
  NamedParts named{{1, 2}, "n"};
  EXPECT_EQ(round_trip(named).position.y, 2);
  EXPECT_EQ((type_text<NamedParts>()),
            "struct NamedParts{position:struct {x:i32,y:i32},name:str8}");
  expect_same(std::vector<Switch>{Switch::kOn, Switch::kOff});
  expect_same(std::array<int, 0>());
  expect_same(std::array<std::string, 0>());
  EXPECT_TRUE(round_trip(std::u8string(u8"grün")) == u8"grün");
  expect_same(std::filesystem::path("/a/b"));
  expect_same(std::byte{7});
  expect_same(
      std::variant<std::monostate, std::vector<std::map<int, std::optional<std::string>>>>());
  EXPECT_EQ(round_trip(std::vector<std::timespec>{{1, 2}}).at(0).tv_nsec, 2);
}

TEST(KindsOfTypes, AClosureThatRemoteTakesIsSerializable) {
  int local = 0;
  std::string text;
  const auto none = [] { return 1; };
  const auto by_value = [local] { return local; };
  const auto by_reference = [&local] { return local; };
  const auto of_a_text = [text] { return text; };
  EXPECT_TRUE(inspect_serializability(none, "f").serializable);
  EXPECT_TRUE(inspect_serializability<decltype(none)>("f").serializable);
  const auto report = inspect_serializability(by_value, "f");
  EXPECT_TRUE(report.serializable);
  EXPECT_THAT(report.text, HasSubstr("captures"));
  EXPECT_THAT(report.text, HasSubstr("globals"));
  EXPECT_THAT(inspect_serializability(by_reference, "f").failures.at(0).why,
              HasSubstr("hold an address"));
  EXPECT_THAT(inspect_serializability(of_a_text, "f").failures.at(0).why,
              HasSubstr("manta::capture"));
  EXPECT_FALSE(inspect_serializability<decltype(of_a_text)>("f").serializable);
}

}  // namespace
}  // namespace manta::serialization
