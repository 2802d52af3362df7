#include "array_codec.h"

#include <list>
#include <vector>

#include <gtest/gtest.h>

#include "../base/error.h"
#include "../serialization/encode.h"
#include "arena_fixture.h"

namespace manta {
namespace {

using objectstore::ArenaFixture;
using objectstore::kMiB;
using serialization::Codec;
using serialization::Encoded;
using serialization::Reader;
using serialization::Refusal;
using serialization::Writer;

template <class T>
Encoded write(const T& value) {
  Encoded out;
  Writer writer(out, 1, "Array<double>");
  Codec<T>::write(writer, value);
  writer.finish();
  return out;
}

template <class T>
T read(const Encoded& encoded) {
  Reader reader{serialization::EncodedView(encoded)};
  T value = Codec<T>::read(reader);
  reader.finish();
  return value;
}

TEST(ArrayCodec, ArraysComeBackWithTheirShape) {
  const Array<int> cube = Array<int>(arange<int>(24)).reshape({2, 3, 4});
  EXPECT_EQ(read<Array<int>>(write(cube)), cube);
  const Array<double> one = full<double>({}, 3.0);
  EXPECT_EQ(read<Array<double>>(write(one)), one);
  const Array<int> none = zeros<int>(4, 0);
  EXPECT_EQ(read<Array<int>>(write(none)), none);
  EXPECT_EQ(read<Array<int>>(write(Array<int>())), Array<int>());
}

TEST(ArrayCodec, AnArrayIsReadWhereItIs) {
  const Array<int> array = arange<int>(1000);
  const Encoded encoded = write(array);
  ASSERT_EQ(encoded.buffers.size(), 1u);
  EXPECT_EQ(read<Array<int>>(encoded).data(), array.data());
}

TEST(ArrayCodec, AMutableArrayIsReadAsACopyOfItsOwn) {
  MutableArray<int> array = arange<int>(1000);
  const Encoded encoded = write(array);
  EXPECT_EQ(encoded.buffers[0].storage, nullptr);  // it may change: whoever keeps it copies
  MutableArray<int> copy = read<MutableArray<int>>(encoded);
  copy[0] = 7;
  EXPECT_EQ(array[0], 0);
  EXPECT_EQ(copy[999], 999);
}

TEST(ArrayCodec, ArraysAndVectorsStandForEachOther) {
  const std::vector<double> vector(1000, 1.5);
  const Array<double> array = full<double>(1000, 1.5);
  EXPECT_EQ(read<Array<double>>(write(vector)), array);
  EXPECT_EQ(read<std::vector<double>>(write(array)), vector);
  EXPECT_THROW(read<std::vector<double>>(write(array.reshape({10, 100}))), SerializationError);
}

TEST(ArrayCodec, OneArrayWrittenTwiceIsOne) {
  const std::vector<Array<int>> two(2, Array<int>(arange<int>(500)));
  const Encoded encoded = write(two);
  EXPECT_EQ(encoded.buffers.size(), 1u);
  const auto back = read<std::vector<Array<int>>>(encoded);
  EXPECT_TRUE(same_storage(back[0], back[1]));
  const std::vector<Array<int>> small(2, Array<int>(arange<int>(3)));
  const auto small_back = read<std::vector<Array<int>>>(write(small));
  EXPECT_TRUE(same_storage(small_back[0], small_back[1]));
  EXPECT_EQ(small_back[1], small[1]);
}

TEST(ArrayCodec, ReferencesToOneArrayTakeTwoBytesEach) {
  for (const std::size_t n : {2u, 4u, 42u, 1'000u, 1'000'000u}) {
    SCOPED_TRACE(n);
    const Array<int> array = arange<int>(n);
    for (const Array<int>& one : {array, array.reshape({n / 2, 2})}) {
      const std::vector<Array<int>> many(99, one);
      const Encoded encoded = write(many);
      EXPECT_LT(encoded.meta.size(), 250u);
      const auto back = read<std::vector<Array<int>>>(encoded);
      EXPECT_EQ(back, many);
      EXPECT_TRUE(same_storage(back.front(), back.back()));
    }
  }
}

TEST(ArrayCodec, OneArrayInOtherShapesIsOne) {
  for (const std::size_t n : {4u, 1'000u}) {
    SCOPED_TRACE(n);
    const Array<int> flat = arange<int>(n);
    const Array<int> pairs = flat.reshape({n / 2, 2});
    const std::vector<Array<int>> mixed = {flat, pairs, flat, flat.slice(1, n), pairs, flat};
    const Encoded encoded = write(mixed);
    EXPECT_EQ(encoded.buffers.size(), n < 16 ? 0u : 2u);
    const auto back = read<std::vector<Array<int>>>(encoded);
    EXPECT_EQ(back, mixed);
    EXPECT_TRUE(same_storage(back[0], back[1]));
    EXPECT_TRUE(same_storage(back[1], back[5]));
  }
}

TEST(ArrayCodec, MentionsAreReadAsVectorsToo) {
  for (const std::size_t n : {3u, 1'000u}) {
    const std::vector<Array<int>> two(2, Array<int>(arange<int>(n)));
    const auto vectors = read<std::vector<std::vector<int>>>(write(two));
    EXPECT_EQ(vectors[0].back(), static_cast<int>(n) - 1);
    EXPECT_EQ(vectors[1], vectors[0]);
  }
}

TEST(ArrayCodec, ArraysInTheStoreAreNotCopied) {
  ArenaFixture fixture(16 * kMiB);
  const auto store = fixture.store(1);
  objectstore::set_current(store);
  const Array<int> array = arange<int>(1'000'000);
  const Array<int> part = array.slice(17, 999'000);
  const Encoded encoded = write(part);
  const auto stored = store->put_buffers(encoded.buffers).value();
  EXPECT_EQ(stored[0].data, reinterpret_cast<const std::byte*>(part.data()));
  EXPECT_EQ(read<Array<int>>(encoded), part);
  objectstore::set_current(nullptr);
}

TEST(ArrayCodec, BoolsAreChecked) {
  Encoded encoded = write(Array<bool>(zeros<bool>(3)));
  encoded.meta.back() = std::byte{2};
  EXPECT_THROW(read<Array<bool>>(encoded), SerializationError);
}

// A copy for each mention, of two bytes.
TEST(ArrayCodec, CopiesBeyondProportionAreRefused) {
  const Array<std::byte> array = zeros<std::byte>(64 << 10);
  const Encoded encoded = write(std::vector<Array<std::byte>>(4'000, array));
  EXPECT_EQ(read<std::vector<Array<std::byte>>>(encoded).size(), 4'000u);
  EXPECT_THROW(read<std::vector<MutableArray<std::byte>>>(encoded), SerializationError);
}

TEST(ArrayCodec, ElementsThatAreCheckedAreChargedAtEachMention) {
  const Array<bool> array = zeros<bool>(64 << 10);
  const Encoded encoded = write(std::vector<Array<bool>>(4'000, array));
  EXPECT_THROW(read<std::vector<Array<bool>>>(encoded), SerializationError);
  const Encoded fewer = write(std::vector<Array<bool>>(99, array));
  EXPECT_EQ(read<std::vector<Array<bool>>>(fewer).size(), 99u);
}

TEST(ArrayCodec, ListsAreChargedTheirNodes) {
  const Array<std::uint8_t> array = zeros<std::uint8_t>(64 << 10);
  const Encoded encoded = write(std::vector<Array<std::uint8_t>>(100, array));
  EXPECT_EQ(read<std::vector<std::vector<std::uint8_t>>>(encoded).size(), 100u);
  EXPECT_THROW(read<std::vector<std::list<std::uint8_t>>>(encoded), SerializationError);
}

class Hidden {
 public:
  int value() const { return value_; }

 private:
  int value_ = 0;
};

struct Pointing {
  Hidden* hidden = nullptr;
};

TEST(ArrayCodec, ElementsWhoseBytesAreNotTheirValueAreRefused) {
  const auto refused = [](const serialization::TypeNode& node) {
    return node.refusal != Refusal::kNone ||
           (!node.parts().empty() && node.parts()[0]->refusal != Refusal::kNone);
  };
  EXPECT_FALSE(refused(Codec<Array<double>>::node()));
  EXPECT_FALSE(refused(Codec<Array<Hidden>>::node()));  // its bytes are its value
  EXPECT_TRUE(refused(Codec<Array<Pointing>>::node()));
}

}  // namespace
}  // namespace manta
