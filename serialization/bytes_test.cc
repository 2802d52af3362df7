#include "bytes.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../base/error.h"

namespace manta {
namespace {

using testing::HasSubstr;

struct Record {
  std::string name;
  std::vector<double> values;
  std::map<std::string, std::vector<int>> index;
  std::shared_ptr<Record> other;
};

Record example() {
  auto other = std::make_shared<Record>();
  return {"record", std::vector<double>(1000, 1.5), {{"a", {1, 2}}, {"b", {}}}, other};
}

TEST(SerializedBytes, GoThereAndBack) {
  const Bytes bytes = serialize(example());
  const auto record = deserialize<Record>(bytes);
  EXPECT_EQ(record.name, "record");
  EXPECT_EQ(record.values[999], 1.5);
  EXPECT_EQ(record.index.at("a")[1], 2);
  EXPECT_NE(record.other, nullptr);
  EXPECT_EQ(deserialize<int>(serialize(5)), 5);
}

TEST(SerializedBytes, EqualValuesGiveEqualBytes) {
  EXPECT_EQ(serialize(example()), serialize(example()));
}

TEST(SerializedBytes, ArraysAreViewsThatKeepTheBytesAlive) {
  Bytes inner;
  const std::byte* begin = nullptr;
  {
    const Bytes bytes = serialize(std::pair(1, Bytes(std::string(100, 'x'))));
    begin = bytes.data();
    inner = deserialize<std::pair<int, Bytes>>(bytes).second;
    EXPECT_TRUE(inner.data() > bytes.data() && inner.data() < bytes.data() + bytes.size());
  }
  EXPECT_EQ(inner.view(), std::string(100, 'x'));
  EXPECT_EQ((inner.data() - begin) % 64, 0);
}

TEST(SerializedBytes, UnalignedInputIsCopied) {
  const Bytes bytes = serialize(std::vector<double>(1000, 2.5));
  const auto shifted = base::HeapStorage::create(bytes.size() + 1);
  std::memcpy(shifted->mutable_data() + 1, bytes.data(), bytes.size());
  const Bytes unaligned =
      serialization::BytesAccess::make(shifted->data() + 1, bytes.size(), shifted);
  EXPECT_EQ(deserialize<std::vector<double>>(unaligned)[999], 2.5);
}

TEST(SerializedBytes, EveryFlippedBitOutsideTheBuffersIsRefused) {
  const Bytes good = serialize(example());
  std::vector<std::byte> bytes(good.span().begin(), good.span().end());
  const std::size_t buffer = bytes.size() - 8000;  // the one buffer is at the end
  ASSERT_EQ(buffer % 64, 0u);
  for (std::size_t bit = 0; bit < 8 * buffer; ++bit) {
    const auto mask = static_cast<std::byte>(1u << (bit % 8));
    bytes[bit / 8] ^= mask;
    EXPECT_THROW(deserialize<Record>(Bytes(bytes)), SerializationError) << "bit " << bit;
    bytes[bit / 8] ^= mask;
  }
}

TEST(SerializedBytes, EveryTruncationIsRefused) {
  const Bytes good = serialize(example());
  for (std::size_t size = 0; size < good.size(); size += size < 1000 ? 1 : 97) {
    EXPECT_THROW(deserialize<Record>(Bytes(good.span().first(size))), SerializationError);
  }
}

TEST(SerializedBytes, AMismatchNamesTheTypeInsideTheBytes) {
  struct OnlyHere {
    int field;
  };
  try {
    deserialize<int>(serialize(OnlyHere{1}));
    FAIL();
  } catch (const SerializationError& error) {
    EXPECT_THAT(error.what(), HasSubstr("struct OnlyHere{field:i32}"));
    EXPECT_THAT(error.what(), HasSubstr("i32"));
  }
  EXPECT_THROW(deserialize<int>(Bytes(std::string(200, 'x'))), SerializationError);
  EXPECT_THROW(deserialize<int>(Bytes()), SerializationError);
}

struct Sample {
  int id;
  std::string tag;
  Bytes data;
};

// The example of docs/wire.md. Never to be changed: bytes of version 1 must load for ever.
constexpr unsigned char kVersion1[192] = {
    0x89, 0x4d, 0x41, 0x4e, 0x54, 0x41, 0x0d, 0x0a, 0x01, 0x00, 0x01, 0x00, 0x79, 0xfb, 0xc8, 0x22,
    0x1f, 0x57, 0x77, 0x2f, 0xe5, 0x70, 0x87, 0x25, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x1a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x35, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x1f, 0x57, 0x77, 0x2f, 0xe5, 0x70, 0x87, 0x25, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x07, 0x00, 0x00, 0x00, 0x04, 0x61, 0x62, 0x80, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x73, 0x74, 0x72, 0x75, 0x63, 0x74, 0x20, 0x53, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x7b, 0x69, 0x64,
    0x3a, 0x69, 0x33, 0x32, 0x2c, 0x74, 0x61, 0x67, 0x3a, 0x73, 0x74, 0x72, 0x38, 0x2c, 0x64, 0x61,
    0x74, 0x61, 0x3a, 0x73, 0x65, 0x71, 0x3c, 0x65, 0x6e, 0x75, 0x6d, 0x20, 0x62, 0x79, 0x74, 0x65,
    0x3a, 0x75, 0x38, 0x3e, 0x7d, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};

TEST(SerializedBytes, Version1LoadsForEver) {
  std::string golden(reinterpret_cast<const char*>(kVersion1), sizeof kVersion1);
  golden += std::string(64, 'A');
  const auto sample = deserialize<Sample>(Bytes(golden));
  EXPECT_EQ(sample.id, 7);
  EXPECT_EQ(sample.tag, "ab");
  EXPECT_EQ(sample.data.view(), std::string(64, 'A'));
  EXPECT_EQ(serialize(sample).view(), golden);
}

struct Object : base::Counted {};

struct Names : serialization::ReferenceFormat {
  void write(const serialization::Reference&, serialization::MetaBytes& out) override {
    out.push_back(std::byte{7});
  }
  serialization::Reference read(serialization::RefKind kind,
                                std::span<const std::byte> bytes) override {
    EXPECT_EQ(bytes[0], std::byte{7});
    return {kind, base::make_ref<Object>()};
  }
};
struct Handle {
  base::Ref<base::Counted> target;
};

}  // namespace

template <>
struct serialization::Codec<Handle> {
  static void write(Writer& writer, const Handle& handle) {
    writer.reference(RefKind::kObject, handle.target);
  }
  static Handle read(Reader& reader) { return {reader.reference(RefKind::kObject).target}; }
  static void describe(TypeText& text) { text.append("handle"); }
};

namespace {

TEST(SerializedBytes, ReferencesNeedASession) {
  const Handle handle{base::make_ref<Object>()};
  EXPECT_THROW(serialize(handle), SerializationError);
  Names names;
  serialization::set_reference_format(&names);
  const Bytes bytes = serialize(std::vector<Handle>{handle, {}});
  EXPECT_NE(deserialize<std::vector<Handle>>(bytes)[0].target, nullptr);
  EXPECT_EQ(deserialize<std::vector<Handle>>(bytes)[1].target, nullptr);
  serialization::set_reference_format(nullptr);
  EXPECT_THROW(deserialize<std::vector<Handle>>(bytes), SerializationError);
}

TEST(SerializedBytes, AValueInsideAValue) {
  const Bytes outer = serialize(std::vector<Bytes>{serialize(1), serialize(std::string("x"))});
  EXPECT_EQ(deserialize<std::string>(deserialize<std::vector<Bytes>>(outer)[1]), "x");
}

}  // namespace
}  // namespace manta
