// Arrays of whatever is trivially copyable: of elements whose members cannot be seen, too.
#include <chrono>
#include <cstring>
#include <optional>
#include <string_view>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../base/error.h"
#include "../serialization/foreign/pickle.h"
#include "../serialization/inspect.h"
#include "../serialization/round_trip_test.h"
#include "array_codec.h"

namespace manta::serialization {
namespace {

using testing::HasSubstr;

struct Bits {
  int a : 3;
  int b : 5;
};
struct [[gnu::packed]] Packed {
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
class Private {
 public:
  explicit Private(int a) : a_(a) {}
  int a() const { return a_; }

 private:
  int a_;
};
struct Reduced {
  int a;
  auto manta_reduce() const { return std::tuple(a); }
};
struct Pointing {
  int* p;
  int flag;
};

template <class T>
Array<T> array_of(const T& value) {
  MutableArray<T> array(3);
  for (T& element : array.span()) {
    std::memcpy(static_cast<void*>(&element), &value, sizeof(T));
  }
  return std::move(array).freeze();
}

template <class T>
std::string why_not() {
  const auto report = inspect_serializability<T>("value");
  return report.serializable ? "" : report.failures.at(0).why;
}

TEST(RawElements, TravelAsTheirBytes) {
  EXPECT_EQ(round_trip(array_of(Bits{1, -3}))[2].b, -3);
  EXPECT_EQ(double{round_trip(array_of(Packed{'x', 1.5}))[1].value}, 1.5);
  Either either{1, {}};
  either.i = 8;
  EXPECT_EQ(round_trip(array_of(either))[1].i, 8);
  EXPECT_EQ(round_trip(array_of(Private(3)))[0].a(), 3);
  EXPECT_EQ(round_trip(array_of(std::optional<int>(6)))[2], 6);
  const auto date = std::chrono::year(2024) / std::chrono::May / 1;
  EXPECT_EQ(round_trip(array_of(date))[2], date);
  EXPECT_EQ(round_trip(std::vector{array_of(Bits{1, 2})}).at(0)[0].b, 2);
}

TEST(RawElements, Int128) {
  __extension__ using Wide = __int128;
  const Wide big = (Wide{1} << 100) + 7;
  EXPECT_TRUE(round_trip(array_of(-big))[2] == -big);
  EXPECT_EQ(type_text<Array<Wide>>(), "seq<i128>");
}

TEST(RawElements, OthersAreNotTakenForThem) {
  EXPECT_EQ(type_text<Array<Bits>>(), "seq<raw Bits:4>");
  EXPECT_THROW(decode<Array<Packed>>(encoded(array_of(Bits{}))), SerializationError);
  EXPECT_THROW(to_pickle(array_of(Bits{})), SerializationError);
}

TEST(RawElements, AreNoPointersOrViews) {
  EXPECT_THAT((why_not<Array<std::optional<int*>>>()), HasSubstr("pointers"));
  EXPECT_THAT(why_not<Array<Pointing>>(), HasSubstr("pointers"));
  EXPECT_THAT(why_not<Array<std::string_view>>(), HasSubstr("view"));
  EXPECT_THAT(why_not<Array<Reduced>>(), HasSubstr("manta_reduce"));
}

}  // namespace
}  // namespace manta::serialization
