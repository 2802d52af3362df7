#include <array>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../base/error.h"
#include "round_trip_test.h"

namespace manta::serialization {
namespace {

using testing::HasSubstr;

struct Pixel {
  std::uint8_t r, g, b;
};

TEST(Encode, SmallValuesHaveNoBuffersAndReuseTheirMemory) {
  Encoded out;
  encode(42, out);
  EXPECT_EQ(out.meta.size(), kMetaHeader + 4);
  const std::byte* memory = out.meta.data();
  encode(2.5, out);
  EXPECT_EQ(out.meta.data(), memory);
  EXPECT_TRUE(out.buffers.empty());
  EXPECT_EQ(decode<double>(out), 2.5);
}

TEST(Encode, VectorsFrom4KiBAreBorrowed) {
  const std::vector<double> small(511, 1.5);
  const std::vector<double> large(512, 1.5);
  Encoded out;
  encode(small, out);
  EXPECT_TRUE(out.buffers.empty());
  encode(large, out);
  ASSERT_EQ(out.buffers.size(), 1u);
  EXPECT_EQ(out.buffers[0].data, reinterpret_cast<const std::byte*>(large.data()));
  EXPECT_EQ(out.buffers[0].storage, nullptr);
  EXPECT_EQ(round_trip(large), large);
}

enum class Colour : std::uint8_t { kRed = 3 };
struct Padded {
  char c = 'c';
  double d = 2.5;
};

template <class T>
void expect_plain_as_encoded(const T& value) {
  static_assert(written_as_it_is<T>());
  Encoded encoded;
  encode(value, encoded);
  std::vector<std::byte> plain(kPlainMeta<T>, std::byte{0xee});
  encode_plain(value, plain.data());
  EXPECT_EQ(plain, std::vector<std::byte>(encoded.meta.begin(), encoded.meta.end()));
}

TEST(Encode, APlainValueNeedsNoWriterForTheSameBytes) {
  expect_plain_as_encoded(-42);
  expect_plain_as_encoded(2.5);
  expect_plain_as_encoded(true);
  expect_plain_as_encoded('c');
  expect_plain_as_encoded(Colour::kRed);
  expect_plain_as_encoded(Pixel{1, 2, 3});
  // What has a form of its own, or padding, which must not leave the process.
  static_assert(!written_as_it_is<Padded>());
  static_assert(!written_as_it_is<std::string>());
  static_assert(!written_as_it_is<std::vector<int>>());
  static_assert(!written_as_it_is<std::array<int, 3>>());
}

TEST(Encode, EqualEncodingsHaveEqualFingerprints) {
  EXPECT_EQ((fingerprint<std::vector<double>>()), (fingerprint<std::array<double, 3>>()));
  EXPECT_NE(fingerprint<std::vector<double>>(), fingerprint<std::vector<float>>());
  EXPECT_NE(fingerprint<int>(), fingerprint<unsigned>());
  EXPECT_EQ(type_text<std::vector<Pixel>>(), "seq<struct Pixel{r:u8,g:u8,b:u8}>");
}

// One member each, as a flat aggregate, with a destructor, and by a hook: written alike, but not in sequences.
namespace flat {
struct Sample {
  int value = 0;
};
}  // namespace flat
namespace destroyed {
struct Sample {
  int value = 0;
  ~Sample() {}
};
}  // namespace destroyed
namespace hooked {
class Sample {
 public:
  static constexpr auto manta_members() { return std::tuple(&Sample::value); }

 private:
  int value = 0;  // NOLINT(readability-identifier-naming): it is in the text
};
}  // namespace hooked

TEST(Encode, WhatIsWrittenDifferentlyHasAnotherFingerprint) {
  EXPECT_EQ((type_text<std::vector<std::array<double, 2>>>()), "seq<f64[2]>");
  EXPECT_EQ(type_text<std::vector<std::vector<double>>>(), "seq<seq<f64>>");
  EXPECT_EQ((type_text<std::vector<std::array<std::string, 2>>>()), "seq<seq<str8>>");
  EXPECT_EQ(type_text<flat::Sample>(), type_text<hooked::Sample>());
  EXPECT_EQ(type_text<std::vector<flat::Sample>>(), "seq<struct Sample{value:i32}>");
  EXPECT_EQ(type_text<std::vector<destroyed::Sample>>(), "seq<struct Sample{value:i32}:each>");
  EXPECT_EQ(type_text<std::vector<hooked::Sample>>(), "seq<struct Sample{value:i32}:each>");
}

TEST(Encode, AMismatchNamesBothTypes) {
  const Encoded bytes = encoded(std::map<std::string, int>{{"a", 1}});
  try {
    decode<std::vector<double>>(bytes);
    FAIL();
  } catch (const SerializationError& error) {
    EXPECT_THAT(error.what(), HasSubstr("map<str8,i32>"));
    EXPECT_THAT(error.what(), HasSubstr("seq<f64>"));
  }
}

TEST(Encode, TrailingAndMissingBytesAreRefused) {
  Encoded bytes = encoded(std::string("text"));
  bytes.meta.push_back(std::byte{0});
  EXPECT_THROW(decode<std::string>(bytes), SerializationError);
  bytes.meta.resize(bytes.meta.size() - 2);
  EXPECT_THROW(decode<std::string>(bytes), SerializationError);
}

struct Target : Counted {};

TEST(Encode, ReferencesAreCountedAndComeBackInOrder) {
  const Ref<Target> object = base::make_ref<Target>();
  Encoded out;
  {
    Writer writer(out, 7, "test");
    writer.reference(RefKind::kObject, object);
    writer.reference(RefKind::kActor, nullptr);
    writer.reference(RefKind::kActor, object);
    writer.finish();
  }
  EXPECT_EQ(object->use_count(), 3u);
  const EncodedView view(out);
  Reader reader(view);
  EXPECT_EQ(reader.reference(RefKind::kObject).target, object);
  EXPECT_EQ(reader.reference(RefKind::kActor).target, nullptr);
  EXPECT_THROW(reader.reference(RefKind::kObject), SerializationError);
}

TEST(Encode, AnArrayIsWrittenOnceHoweverOftenItIsMentioned) {
  for (const std::size_t size : {std::size_t{24}, std::size_t{64}, std::size_t{1 << 20}}) {
    const auto storage = base::HeapStorage::create(size);
    std::memset(storage->mutable_data(), 5, size);
    Encoded out;
    {
      Writer writer(out, 7, "test");
      for (int i = 0; i < 99; ++i) {
        write_array(writer, {&size, 1}, storage->data(), size, storage);
      }
      writer.finish();
    }
    EXPECT_EQ(out.buffers.size(), size < kArrayOutOfBand ? 0u : 1u);
    EXPECT_LT(out.meta.size(), 160u);  // a byte each
    const EncodedView view(out);
    Reader reader(view);
    EXPECT_EQ(read_extent(reader.extents()), size);
    const Buffer first = reader.bytes(size);
    for (int i = 1; i < 99; ++i) {
      EXPECT_EQ(read_extent(reader.extents()), size);
      EXPECT_EQ(reader.bytes(size).data, first.data);
    }
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first.data) % 64, 0u);
    EXPECT_EQ(first.data[size - 1], std::byte{5});
    reader.finish();
  }
}

TEST(Encode, AnNDimensionalArrayIsNotASequence) {
  Encoded out;
  {
    Writer writer(out, fingerprint<std::vector<double>>(), "test");
    const std::size_t shape[] = {2, 3};
    const double data[6] = {};
    write_array(writer, shape, data, sizeof data, {});
    writer.finish();
  }
  const EncodedView view(out);
  EXPECT_THROW(decode<std::vector<double>>(view), SerializationError);
  Reader reader(view);
  const Extents extents = read_extents(reader);
  EXPECT_THAT(extents.shape(), testing::ElementsAre(2, 3));
  EXPECT_EQ(extents.byte_size<double>(), 48u);
}

// A stream of the given varints, for vectors of bytes.
std::string flaw_of_vectors(std::initializer_list<std::uint64_t> varints) {
  using Vectors = std::vector<std::vector<std::uint8_t>>;
  Encoded out;
  {
    Writer writer(out, fingerprint<Vectors>(), "test");
    for (const std::uint64_t varint : varints) {
      writer.varint(varint);
    }
    writer.finish();
  }
  try {
    decode<Vectors>(out);
  } catch (const SerializationError& error) {
    return error.what();
  }
  return "none";
}

TEST(Encode, AMentionOfAnArrayThatIsNoneIsRefused) {
  const auto at = [](std::uint64_t position) { return 2 * position + kFirstMention; };
  const std::uint64_t two = 4, first = kMetaHeader + 1;  // vectors; where the first one stands
  const std::uint64_t bytes = 2 * 3, in_line = 1;
  EXPECT_EQ(flaw_of_vectors({two, bytes, in_line, 7, 7, 7, at(first)}), "none");
  EXPECT_THAT(flaw_of_vectors({two, bytes, 0, 7, 7, 7, at(first)}), HasSubstr("is none"));
  EXPECT_THAT(flaw_of_vectors({two, 0, at(first)}), HasSubstr("is empty"));
  EXPECT_THAT(flaw_of_vectors({two, at(first), 0}), HasSubstr("a mention itself"));
  EXPECT_THAT(flaw_of_vectors({two, at(first + 1), 0}), HasSubstr("not before"));
  EXPECT_THAT(flaw_of_vectors({two, at(0), 0}), HasSubstr("not before"));
  EXPECT_THAT(flaw_of_vectors({two, bytes, in_line, 7, 7, 7, at(std::uint64_t{1} << 60)}),
              HasSubstr("not before"));
  // The second byte of the first array's own: extents 1, payload 1, but no array begins there.
  EXPECT_THAT(flaw_of_vectors({two, bytes, in_line, 2, 1, 7, at(first + 2)}),
              HasSubstr("is missing"));
  EXPECT_THAT(flaw_of_vectors({two, bytes, in_line, at(3), 1, 7, at(first + 2)}),
              HasSubstr("a mention itself"));
  EXPECT_THAT(flaw_of_vectors({two, bytes, 2, at(first)}), HasSubstr("buffer is missing"));
  EXPECT_THAT(flaw_of_vectors({at(first)}), HasSubstr("mentioned where a sequence of other"));
}

}  // namespace
}  // namespace manta::serialization
