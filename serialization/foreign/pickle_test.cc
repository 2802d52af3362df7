// Pickles, as CPython's own pickletools shows them where the test has Python; tests/interop loads them with numpy.
#include "pickle.h"

#include <array>
#include <cstring>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../base/error.h"
#include "../codec/sequence.h"
#include "../stream/writer.h"
#include "pickle_stream.h"
#include "type_tree.h"
#include "utf8.h"
#include "value_tree.h"

namespace manta {
namespace {

using serialization::TypeTree;
using namespace std::string_literals;

std::string stream(const auto& value) { return std::string(to_pickle(value).stream.view()); }
std::string body(const std::string& opcodes) { return "\x80\x05" + opcodes + "."; }

TEST(Pickle, Numbers) {
  EXPECT_EQ(stream(0), body("K\0"s));
  EXPECT_EQ(stream(255), body("K\xff"));
  EXPECT_EQ(stream(256), body("M\0\x01"s));
  EXPECT_EQ(stream(65536), body("J\0\0\x01\0"s));
  EXPECT_EQ(stream(-1), body("J\xff\xff\xff\xff"));
  EXPECT_EQ(stream(2147483648u), body("\x8a\x05\0\0\0\x80\0"s));
  EXPECT_EQ(stream(INT64_MIN), body("\x8a\x08\0\0\0\0\0\0\0\x80"s));
  EXPECT_EQ(stream(UINT64_MAX), body("\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\0"s));
  EXPECT_EQ(stream(1.0), body("G\x3f\xf0\0\0\0\0\0\0"s));
  EXPECT_EQ(stream(true), body("\x88"));
  EXPECT_EQ(stream(float16(1)), stream(1.0));
  EXPECT_EQ(stream(bfloat16(-2.5)), stream(-2.5));
}

TEST(Pickle, ArraysOf16BitFloatsHaveTheTypesOfNumpyAndMlDtypes) {
  EXPECT_THAT(stream(std::vector{float16(1)}), testing::HasSubstr("<f2"));
  EXPECT_THAT(stream(std::vector{bfloat16(1)}), testing::HasSubstr("\x8c\x09ml_dtypes\x8c\x08"
                                                                   "bfloat16"));
}

TEST(Pickle, TextsInArraysAreNumpysTexts) {
  struct Named {
    char name[8];
    std::array<char32_t, 3> initials[2];
    std::array<std::byte, 2> raw;
  };
  EXPECT_THAT(stream(std::vector<std::array<char, 3>>{{'a', 'b', 'c'}}), testing::HasSubstr("|S3"));
  const std::string named = stream(std::vector<Named>(1));
  EXPECT_THAT(named, testing::HasSubstr("|S8"));
  EXPECT_THAT(named, testing::HasSubstr("<U3(K\x02t"));  // ('<U3', (2,))
  EXPECT_THAT(named, testing::HasSubstr("|u1(K\x02t"));
}

TEST(Pickle, TextsAndBytes) {
  EXPECT_EQ(stream("grün"s), body("\x8c\x05gr\xc3\xbcn"));
  EXPECT_EQ(stream("\xff"s), body("C\x01\xff"));
  EXPECT_EQ(stream(u"\U0001f600"s + u"x"), body("\x8c\x05\xf0\x9f\x98\x80x"));
  EXPECT_EQ(stream('x'), body("\x8c\x01x"));
  EXPECT_EQ(stream(std::optional<int>()), body("N"));
  EXPECT_FALSE(serialization::is_utf8("\xc0\x80"));
  EXPECT_FALSE(serialization::is_utf8("\xed\xa0\x80"));
  EXPECT_FALSE(serialization::is_utf8("\xe2\x82"));
}

struct Node {
  int value = 0;
  std::shared_ptr<Node> next;
};

TEST(Pickle, ALongListDoesNotRecurse) {
  std::shared_ptr<Node> first;
  for (int i = 0; i < 200'000; ++i) first = std::make_shared<Node>(Node{i, first});
  const Pickle pickle = to_pickle(first);
  EXPECT_GT(pickle.stream.size(), 200'000u);
  while (first != nullptr) {  // destructors do recurse
    first = std::exchange(first->next, nullptr);
  }
}

TEST(Pickle, LargeArraysAreBuffersAndBorrowedOnesCopied) {
  const std::vector<double> numbers(1000, 1.5);
  const Pickle pickle = to_pickle(numbers);
  ASSERT_EQ(pickle.buffers.size(), 1u);
  EXPECT_EQ(pickle.buffers[0].size(), 8000u);
  EXPECT_NE(static_cast<const void*>(pickle.buffers[0].data()), numbers.data());
  const Bytes bytes(std::string(100, 'x'));
  const Pickle shared = to_pickle(bytes);
  ASSERT_EQ(shared.buffers.size(), 1u);
  EXPECT_EQ(shared.buffers[0].data(), bytes.data());
  EXPECT_TRUE(to_pickle(numbers, PickleBuffers::in_band).buffers.empty());
}

TEST(Pickle, OfSerializedBytesIsTheSame) {
  const std::map<std::string, std::vector<int>> value{{"a", {1, 2}}, {"b", {}}};
  EXPECT_EQ(to_pickle_serialized(serialize(value)).stream, to_pickle(value).stream);
}

TEST(Pickle, WhatPythonCannotHoldIsRefused) {
  const std::map<std::shared_ptr<int>, int> by_pointer{{std::make_shared<int>(1), 2}};
  EXPECT_THROW(to_pickle(by_pointer), SerializationError);
}

std::string refusal(const auto& value) {
  try {
    to_pickle(value);
  } catch (const SerializationError& error) {
    return error.what();
  }
  return "none";
}

template <class... T>
using OneOf = std::variant<T...>;

// Python would keep the first of them, and say nothing.
TEST(Pickle, KeysThatPythonHoldsEqualAreRefused) {
  enum class Color { kRed, kGreen };
  __extension__ using Wide = unsigned __int128;
  using Key = OneOf<int, double, bool>;
  EXPECT_THAT(refusal(std::map<Key, std::string>{{1, "int"}, {1.0, "double"}}),
              testing::HasSubstr("a map holds the keys 1 and 1.0, which are equal in Python"));
  EXPECT_THAT(refusal(std::set<Key>{0, false}),
              testing::HasSubstr("a set holds the keys 0 and False"));
  const auto refused = [](const auto& value) { return refusal(value) != "none"; };
  EXPECT_TRUE(refused(std::set<OneOf<int, std::uint64_t>>{7, std::uint64_t{7}}));
  EXPECT_TRUE(refused(std::set<OneOf<std::int8_t, float>>{std::int8_t{-3}, -3.0f}));
  EXPECT_TRUE(refused(std::set<OneOf<Color, int>>{Color::kGreen, 1}));
  EXPECT_TRUE(refused(std::set<OneOf<std::string, char>>{"x"s, 'x'}));
  EXPECT_TRUE(refused(std::set<OneOf<std::string, std::u16string>>{"x"s, u"x"s}));
  EXPECT_TRUE(
      refused(std::set<std::optional<std::optional<int>>>{std::nullopt, std::optional<int>()}));
  EXPECT_TRUE(refused(std::set<OneOf<std::pair<int, double>, std::vector<float>>>{
      std::pair(1, 2.0), std::vector<float>{1, 2}}));
  EXPECT_TRUE(refused(std::set<OneOf<std::set<int>, std::set<bool>>>{std::set<int>{1, 0},
                                                                     std::set<bool>{false, true}}));
  EXPECT_TRUE(refused(std::set<std::set<Key>>{{1, true}}));  // inside a key
  EXPECT_TRUE(refused(std::set<OneOf<double, Wide>>{0x1p127, Wide{1} << 127}));
}

TEST(Pickle, KeysThatPythonTellsApartAreKept) {
  using Key = OneOf<int, double, bool, std::string>;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(refusal(std::map<Key, int>{{1, 1}, {1.5, 2}, {false, 3}, {"1"s, 4}, {-1.0, 5}}),
            "none");
  EXPECT_EQ(refusal(std::set<OneOf<double, float>>{nan, std::numeric_limits<float>::quiet_NaN()}),
            "none");
  EXPECT_EQ(refusal(std::set<OneOf<std::uint64_t, std::int64_t>>{UINT64_MAX, std::int64_t{-1}}),
            "none");
  EXPECT_EQ(refusal(std::set<OneOf<double, std::int64_t>>{0x1p63, INT64_MAX}), "none");
  EXPECT_EQ(refusal(std::set<OneOf<double, int>>{std::numeric_limits<double>::infinity(), 0}),
            "none");
  EXPECT_EQ(refusal(std::set<OneOf<std::pair<int, int>, std::vector<int>>>{
                std::pair(1, 2), std::vector{1}, std::vector{12}}),
            "none");
  EXPECT_EQ(refusal(std::multimap<int, int>{{1, 1}, {1, 1}}), "none");
}

TEST(TypeTree, RefusesWhatIsNoText) {
  for (const char* text : {"", "seq<", "seq<f64", "map<i32>x", "struct X{a:i32", "^0", "f65",
                           "struct X{a i32}", "tup<,>", "bits", "enum E", "f64[2]"}) {
    EXPECT_THROW(TypeTree{text}, SerializationError) << text;
  }
  EXPECT_THROW(TypeTree(std::string(100'000, '<')), SerializationError);
  const TypeTree huge("seq<f64[99999999999999][99999999999999]>");
  EXPECT_THROW(huge.layout(huge.root().parts[0]), SerializationError);
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "seq<";
  EXPECT_THROW(TypeTree{deep}, SerializationError);
}

TEST(TypeTree, LaysStructsOutAsTheCompilerDoes) {
  struct Inner {
    double x;
    std::uint16_t y;
  };
  struct Outer {
    char tag;
    Inner inner[3];
    float last;
  };
  const TypeTree types(serialization::type_text<std::vector<Outer>>());
  const auto layout = types.layout(types.root().parts[0]);
  EXPECT_TRUE(layout.flat);
  EXPECT_EQ(layout.size, sizeof(Outer));
  EXPECT_EQ(layout.offsets, (std::vector<std::size_t>{0, 8, 56}));
}

// A type that contains itself by value, as no compiler makes it: nothing hangs, nothing overflows the stack.
TEST(TypeTree, AnEndlessTypeIsRefusedWhenItIsRead) {
  serialization::Encoded bytes;
  serialization::encode(1, bytes);
  EXPECT_THROW(serialization::read_values(bytes, "struct X{a:^0}"), SerializationError);
}

// Each struct holds the one before twice: a short text, of more fields than memory holds.
TEST(TypeTree, ATypeThatDoublesIsRefusedWhenItIsRead) {
  std::string text = "struct L0{x:u8,y:u8}";
  constexpr int kLevels = 40;
  for (int i = 1; i < kLevels; ++i) {  // numbers count from the outermost, which begins first
    std::string outer = "struct L" + std::to_string(i) + "{a:";
    outer.append(text).append(",b:^").append(std::to_string(kLevels - i)).append("}");
    text = std::move(outer);
  }
  serialization::Encoded bytes;
  serialization::encode(std::vector<int>(), bytes);
  EXPECT_THROW(serialization::read_values(bytes, "seq<" + text + ">"), SerializationError);
}

// One array, as [n], [n, 1], [n] and [n]: its bytes are written once, each view of them once.
TEST(Pickle, AnArrayInTwoShapesHasItsBytesOnce) {
  for (const std::size_t n : {40u, 4'000u}) {
    const auto storage = base::HeapStorage::create(n);
    std::memset(storage->mutable_data(), 1, n);
    const std::size_t flat[] = {n}, column[] = {n, 1};
    serialization::Encoded encoded;
    {
      serialization::Writer writer(encoded, 1, "test");
      serialization::write_extent(writer, 4);
      for (const std::span<const std::size_t> shape :
           {std::span<const std::size_t>(flat), std::span<const std::size_t>(column),
            std::span<const std::size_t>(flat), std::span<const std::size_t>(column)}) {
        serialization::write_array(writer, shape, storage->data(), n, storage);
      }
      writer.finish();
    }
    const auto pickle =
        serialization::pickle_of(encoded, "seq<seq<u8>>", PickleBuffers::in_band).stream;
    EXPECT_LT(pickle.size(), n + 200);
    EXPECT_GT(pickle.size(), n);
  }
}

std::string flaw_of_pickle(const serialization::Encoded& encoded, const std::string& text) {
  try {
    serialization::pickle_of(encoded, text, PickleBuffers::in_band);
  } catch (const SerializationError& error) {
    return error.what();
  }
  return "none";
}

// A few bytes that ask for a great many.
TEST(Pickle, IsNotFarLongerThanItsValue) {
  constexpr std::size_t kSize = 1 << 16;
  const auto storage = base::HeapStorage::create(kSize);
  std::memset(storage->mutable_data(), 1, kSize);
  serialization::Encoded texts, keys;
  {
    serialization::Writer writer(texts, 1, "test");
    serialization::write_extent(writer, 4'000);
    writer.add_buffer(storage->data(), kSize, storage);
    for (int i = 0; i < 4'000; ++i) {
      writer.varint(2 * kSize + 1);
      writer.varint(0);
    }
    writer.finish();
  }
  {
    serialization::Writer writer(keys, 1, "test");
    serialization::write_extent(writer, 4'000);
    for (int i = 0; i < 4'000; ++i) {
      writer.varint(1);
      serialization::write_array(writer, {&kSize, 1}, storage->data(), kSize, storage);
    }
    writer.finish();
  }
  EXPECT_THAT(flaw_of_pickle(texts, "seq<str8>"), testing::HasSubstr("more memory"));
  EXPECT_THAT(flaw_of_pickle(keys, "seq<set<seq<u8>>>"), testing::HasSubstr("far longer"));
}

}  // namespace
}  // namespace manta
