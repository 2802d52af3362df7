// A Value keeps its bytes, in itself while they are few, and what they refer to for as long as it lives.
#include "value.h"

#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace manta::detail {
namespace {

std::vector<std::byte> bytes_of(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i + 1);
  return bytes;
}

std::vector<std::byte> copy_of(std::span<const std::byte> bytes) {
  return {bytes.begin(), bytes.end()};
}

bool lies_in(const Value& value, const std::byte* at) {
  const auto* begin = reinterpret_cast<const std::byte*>(&value);
  return at >= begin && at < begin + sizeof value;
}

class Thing final : public base::Counted {};

TEST(Value, KeepsItsBytesWhateverTheirNumber) {
  for (const std::size_t size : {0u, 1u, 24u, 38u, 39u, 1000u}) {
    const auto bytes = bytes_of(size);
    const Value value(bytes);
    EXPECT_EQ(copy_of(value.meta()), bytes);
    EXPECT_EQ(lies_in(value, value.meta().data()), size <= Value::kLocal) << size;
    EXPECT_TRUE(value.buffers().empty());
    EXPECT_TRUE(value.references().empty());
  }
}

TEST(Value, IsEmptyAfterItWasMoved) {
  for (const std::size_t size : {8u, 100u}) {
    const auto bytes = bytes_of(size);
    Value from(bytes, kError);
    Value to(std::move(from));
    EXPECT_EQ(copy_of(to.meta()), bytes);
    EXPECT_TRUE(to.is_error());
    // NOLINTNEXTLINE(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
    EXPECT_TRUE(from.meta().empty());
    EXPECT_FALSE(from.is_error());
    from = std::move(to);
    EXPECT_EQ(copy_of(from.meta()), bytes);
    EXPECT_TRUE(from.is_error());
  }
}

TEST(Value, MayLieInAStorage) {
  const std::size_t in_heap = Value::bytes_in_heap();
  const auto bytes = bytes_of(200);
  auto home = base::HeapStorage::copy_of(bytes);
  {
    Value value(home->span(), home, kError);
    EXPECT_EQ(value.meta().data(), home->data());
    EXPECT_EQ(copy_of(value.meta()), bytes);
    EXPECT_TRUE(value.is_error());
    EXPECT_TRUE(value.buffers().empty());
    EXPECT_TRUE(value.references().empty());
    EXPECT_TRUE(value.take_references().empty());
    Value moved(std::move(value));
    EXPECT_EQ(home->use_count(), 2U);
    moved = Value();
    EXPECT_EQ(home->use_count(), 1U);
    const Value last(home->span(), home, 0);
    EXPECT_EQ(home->use_count(), 2U);
  }
  EXPECT_EQ(home->use_count(), 1U);
  EXPECT_EQ(Value::bytes_in_heap(), in_heap);
}

TEST(Value, MayHaveItsMetaInItsLastBuffer) {
  const std::size_t in_heap = Value::bytes_in_heap();
  const auto array = base::HeapStorage::copy_of(bytes_of(64));
  const auto meta = base::HeapStorage::copy_of(bytes_of(100));
  const auto thing = base::make_ref<Thing>();
  const Value value({}, kMetaInBuffer, {{array->data(), 64, array}, {meta->data(), 100, meta}},
                    {{serialization::RefKind::kObject, thing}});
  EXPECT_TRUE(value.meta().empty());
  EXPECT_EQ(Value::bytes_in_heap(), in_heap);
  const auto parts = take_meta_from_buffer({value.meta(), value.buffers(), value.references()});
  EXPECT_EQ(copy_of(parts.meta), bytes_of(100));
  EXPECT_EQ(parts.meta.data(), meta->data()) << "nothing is copied";
  ASSERT_EQ(parts.buffers.size(), 1U);
  EXPECT_EQ(parts.buffers[0].data, array->data());
  EXPECT_EQ(parts.refs.size(), 1U);
}

TEST(Value, CountsTheBytesInMemoryOfTheirOwn) {
  const std::size_t before = Value::bytes_in_heap();
  {
    const Value local(bytes_of(Value::kLocal));
    EXPECT_EQ(Value::bytes_in_heap(), before);
    Value remote(bytes_of(100));
    EXPECT_EQ(Value::bytes_in_heap(), before + 100);
    const Value moved(std::move(remote));
    EXPECT_EQ(Value::bytes_in_heap(), before + 100);
  }
  EXPECT_EQ(Value::bytes_in_heap(), before);
}

TEST(Value, OwnsWhatItRefersTo) {
  const auto thing = base::make_ref<Thing>();
  {
    Value value(bytes_of(4), 0, {}, {{serialization::RefKind::kObject, thing}});
    EXPECT_EQ(value.references().size(), 1U);
    EXPECT_EQ(copy_of(value.meta()), bytes_of(4));
    EXPECT_EQ(thing->use_count(), 2U);
    const Value moved(std::move(value));
    EXPECT_EQ(thing->use_count(), 2U);
  }
  EXPECT_EQ(thing->use_count(), 1U);
}

TEST(Value, GivesItsReferencesAway) {
  const auto thing = base::make_ref<Thing>();
  Value value(bytes_of(4), 0, {}, {{serialization::RefKind::kObject, thing}});
  const auto taken = value.take_references();
  EXPECT_EQ(taken.size(), 1U);
  EXPECT_TRUE(value.references().empty());
  EXPECT_TRUE(Value().take_references().empty());
}

}  // namespace
}  // namespace manta::detail
