#include "store.h"

#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../base/error.h"
#include "../serialization/stream/encoded.h"
#include "arena_fixture.h"

namespace manta::objectstore {
namespace {

using serialization::Buffer;
using testing::HasSubstr;

class StoreTest : public testing::Test {
 protected:
  static Buffer borrowed(const std::vector<char>& bytes) {
    return {reinterpret_cast<const std::byte*>(bytes.data()), bytes.size(), nullptr};
  }
  static bool same(const Buffer& buffer, const std::vector<char>& bytes) {
    return buffer.size == bytes.size() && std::memcmp(buffer.data, bytes.data(), bytes.size()) == 0;
  }
  Block* block_of(const Buffer& buffer) { return store_->block_of(buffer.storage.get()); }

  ArenaFixture fixture_{32 * kMiB};
  base::Ref<Store> store_ = fixture_.store(1);
};

TEST_F(StoreTest, BuffersAreCopiedIntoReadOnlyBlocksAligned) {
  const std::vector<char> small(100, 's');
  const std::vector<char> odd(1001, 'o');
  const std::vector<char> large(5 * kMiB + 3, 'l');
  const Buffer in[] = {borrowed(small), borrowed(large), borrowed(odd)};
  const auto out = store_->put_buffers(in).value();
  ASSERT_EQ(out.size(), 3u);
  EXPECT_TRUE(same(out[0], small) && same(out[1], large) && same(out[2], odd));
  EXPECT_EQ(block_of(out[0]), block_of(out[2]));
  EXPECT_NE(block_of(out[0]), block_of(out[1]));
  for (const Buffer& buffer : out) {
    EXPECT_TRUE(store_->arena().contains(buffer.data));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data) % 64, 0u);
  }
}

TEST_F(StoreTest, BuffersInTheStoreStayWhereTheyAre) {
  auto block = store_->create(2 * kMiB).value();
  const std::vector<char> small(10, 's');
  const Buffer in[] = {{block->data() + 64, 1000, block}, borrowed(small)};
  const auto out = store_->put_buffers(in).value();
  EXPECT_EQ(out[0].data, block->data() + 64);
  EXPECT_EQ(out[0].storage, block);
  EXPECT_EQ(store_->stats().objects, 2u);
}

TEST_F(StoreTest, BlocksOfAnotherSessionAreCopied) {
  ArenaFixture other(16 * kMiB);
  const auto elsewhere = other.store(1);
  auto block = elsewhere->create(100).value();
  std::memset(block->writable(), 'x', 100);
  const Buffer in[] = {{block->data(), 100, block}};
  const auto out = store_->put_buffers(in).value();
  EXPECT_TRUE(same(out[0], std::vector<char>(100, 'x')));
  EXPECT_NE(block_of(out[0]), nullptr);
}

TEST_F(StoreTest, PutIsAllOrNothing) {
  const auto other = store_->create(5 * kMiB).value();
  const std::size_t used = store_->stats().used;
  const std::vector<char> large(15 * kMiB, 'l');
  const Buffer in[] = {borrowed(large), borrowed(large)};
  EXPECT_EQ(store_->put_buffers(in).error(), StoreError::kFull);
  EXPECT_EQ(store_->stats().used, used);
}

TEST_F(StoreTest, WhatDoesNotFitTogetherIsTooLarge) {
  const std::vector<char> large(20 * kMiB, 'l');
  const Buffer in[] = {borrowed(large), borrowed(large)};
  EXPECT_EQ(store_->put_buffers(in).error(), StoreError::kTooLarge);
  EXPECT_EQ(store_->stats().used, 0u);
}

TEST_F(StoreTest, PutOfNothingAndOfEmptyBuffers) {
  EXPECT_TRUE(store_->put_buffers({}).value().empty());
  const Buffer in[] = {Buffer{}};
  const auto out = store_->put_buffers(in).value();
  EXPECT_EQ(out[0].size, 0u);
  EXPECT_EQ(store_->stats().objects, 0u);
}

TEST_F(StoreTest, ErrorsSayWhatWasAskedForAndWhatIsInUse) {
  const auto block = store_->create(2 * kMiB).value();
  try {
    throw_store_error(StoreError::kFull, 12345, *store_);
  } catch (const ObjectStoreFull& error) {
    EXPECT_THAT(error.what(), HasSubstr("12345 bytes"));
    EXPECT_THAT(error.what(), HasSubstr("2097152 of 33554432 bytes are in use by 1 block"));
  }
  EXPECT_THROW(throw_store_error(StoreError::kTooLarge, 1, *store_), ObjectStoreFull);
  EXPECT_THROW(throw_store_error(StoreError::kNoMemory, 1, *store_), OutOfMemory);
}

TEST_F(StoreTest, CurrentIsTheOneThatWasSet) {
  EXPECT_EQ(current(), nullptr);
  set_current(store_);
  EXPECT_EQ(current(), store_);
  set_current(nullptr);
  EXPECT_EQ(current(), nullptr);
}

}  // namespace
}  // namespace manta::objectstore
