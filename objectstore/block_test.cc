#include "block.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <span>
#include <sys/stat.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "arena_fixture.h"

namespace manta::objectstore {
namespace {

constexpr OwnerTag kAnna = 1;
constexpr OwnerTag kBert = 2;
constexpr std::size_t kKiB = 1024;

class BlockTest : public testing::Test {
 protected:
  std::uint64_t used() { return anna_->stats().used; }

  ArenaFixture fixture_{16 * kMiB};
  std::map<std::uint64_t, std::uint32_t> released_;
  base::Ref<Store> anna_ = fixture_.store(kAnna);
  base::Ref<Store> bert_ = fixture_.store(
      kBert, [this](std::uint64_t offset, std::uint32_t holds) { released_[offset] += holds; });
};

TEST_F(BlockTest, OfMineIsFreedByTheLastRelease) {
  base::Ref<Block> block = anna_->create(1000).value();
  base::StorageRef second = block;
  EXPECT_TRUE(block->mine());
  block = nullptr;
  EXPECT_EQ(used(), 1024u);
  second = nullptr;
  EXPECT_EQ(used(), 0u);
  EXPECT_EQ(anna_->blocks().size(), 0u);
}

TEST_F(BlockTest, LentIsNotFreed) {
  const base::Ref<Block> annas = anna_->create(1000).value();
  std::memset(annas->writable(), 3, 1000);
  base::Ref<Block> lent = bert_->blocks().adopt(annas->offset(), Share::kLent);
  EXPECT_EQ(lent->data()[999], std::byte{3});
  EXPECT_EQ(lent->writable(), nullptr);
  lent = nullptr;
  EXPECT_EQ(used(), 1024u);
  EXPECT_TRUE(released_.empty());
}

TEST_F(BlockTest, HandedOverIsFreedByItsNewOwner) {
  base::Ref<Block> annas = anna_->create(2 * kMiB).value();
  annas->hand_over(kBert);
  EXPECT_FALSE(annas->mine());
  base::Ref<Block> berts = bert_->blocks().adopt(annas->offset(), Share::kMine);
  annas = nullptr;
  EXPECT_EQ(used(), 2 * kMiB);
  berts = nullptr;
  EXPECT_EQ(used(), 0u);
}

TEST_F(BlockTest, HeldTellsTheNodeHowOftenItWasHeld) {
  const base::Ref<Block> annas = anna_->create(1000).value();
  const std::uint64_t offset = annas->offset();
  base::Ref<Block> held = bert_->blocks().adopt(offset, Share::kHeld);
  EXPECT_EQ(bert_->blocks().adopt(offset, Share::kHeld), held);
  EXPECT_EQ(bert_->blocks().adopt(offset, Share::kLent), held);
  EXPECT_EQ(held->holds(), 2u);
  held = nullptr;
  EXPECT_EQ(released_, (std::map<std::uint64_t, std::uint32_t>{{offset, 2}}));
}

TEST_F(BlockTest, GivenToTheNodeIsHeldThere) {
  base::Ref<Block> block = bert_->create(1000).value();
  const std::uint64_t offset = block->offset();
  block->hand_over_to_node(3);
  EXPECT_EQ(bert_->stats().pinned, 0u);
  block = nullptr;
  EXPECT_EQ(released_, (std::map<std::uint64_t, std::uint32_t>{{offset, 3}}));
  EXPECT_EQ(used(), 1024u);  // the node frees it
}

TEST_F(BlockTest, NothingIsReleasedAfterTheStoreWasClosed) {
  base::Ref<Block> block = bert_->create(1000).value();
  block->hand_over_to_node();
  bert_->close();
  block = nullptr;
  EXPECT_TRUE(released_.empty());
}

TEST_F(BlockTest, MayBeEvictedUnlessACallThatWasSentOrAnArrayHasIt) {
  using Keeper = base::Storage::Keeper;
  const base::Ref<Block> block = anna_->create(100'000).value();
  const auto keep = [&](Keeper keeper) {
    auto kept = block;
    kept->count_keeper(keeper, 1);
    return kept;
  };
  const auto value = keep(Keeper::kValue);
  auto waiting = keep(Keeper::kWaitingCall);
  EXPECT_EQ(block->keepers().values, 2U);
  EXPECT_EQ(block->keepers().waiting_calls, 1U);
  EXPECT_TRUE(block->evict());
  block->bytes_are_back();
  const auto sent = keep(Keeper::kCall);
  EXPECT_EQ(block->keepers().calls, 1U);
  EXPECT_FALSE(block->evict());
  block->count_keeper(Keeper::kWaitingCall, -1);
  waiting = nullptr;
  EXPECT_EQ(block->keepers().waiting_calls, 0U);
  EXPECT_EQ(block->keepers().values, 1U);
  const auto array = block;
  EXPECT_EQ(block->keepers().arrays, 1U);
}

// What a session leaves that has ended.
class MemoryOfTheEnded : public BlockTest {
 protected:
  // What a ref keeps.
  base::Ref<Block> value(std::size_t size, char byte) {
    auto block = filled(*anna_, size, byte);
    block->count_keeper(base::Storage::Keeper::kValue, 1);
    return block;
  }
  static base::Ref<Block> filled(Store& store, std::size_t size, char byte) {
    auto block = store.create(size).value();
    std::memset(block->writable(), byte, size);
    return block;
  }
  std::size_t in_use() const {
    struct stat file = {};
    EXPECT_EQ(::fstat(fixture_.files.descriptors().writable, &file), 0);
    return static_cast<std::size_t>(file.st_blocks) * 512;
  }
  void end_session() {
    anna_->close();
    anna_->give_back_memory();
  }
};

TEST_F(MemoryOfTheEnded, OnlyThatOfArraysStays) {
  std::vector<base::Ref<Block>> refs;
  for (const std::size_t size : {2 * kMiB, 100 * kKiB, 100 * kKiB, 20 * kKiB, 1 * kKiB}) {
    refs.push_back(value(size, 'r'));
  }
  base::Ref<Block> large = filled(*anna_, 3 * kMiB, 'l');
  base::Ref<Block> small = filled(*anna_, 100 * kKiB, 's');
  const base::Ref<Block> of_another = filled(*bert_, kMiB, 'b');
  (void)filled(*anna_, kMiB, 'f');  // free
  const auto packed = anna_->put_packed(std::as_bytes(std::span("text")), Store::IfFull::kRefuse);
  ASSERT_TRUE(packed.ok());
  ASSERT_GE(in_use(), 7 * kMiB);
  end_session();
  EXPECT_GE(in_use(), large->size() + small->size());
  EXPECT_LE(in_use(), large->size() + small->size() + 32 * kKiB);
  EXPECT_EQ(std::count(large->data(), large->data() + large->size(), std::byte{'l'}), 3 * kMiB);
  EXPECT_EQ(std::count(small->data(), small->data() + small->size(), std::byte{'s'}), 100 * kKiB);
  EXPECT_STREQ(reinterpret_cast<const char*>(packed->data), "text");
  large = nullptr;
  EXPECT_LE(in_use(), small->size() + 32 * kKiB);
  small = nullptr;
  EXPECT_LE(in_use(), 32 * kKiB);
  for (const auto& ref : refs) ref->count_keeper(base::Storage::Keeper::kValue, -1);
}

TEST_F(MemoryOfTheEnded, WhatIsBeingReadStays) {
  const auto ref = value(kMiB, 'r');
  ASSERT_TRUE(ref->begin_reading());
  end_session();
  EXPECT_EQ(ref->data()[kMiB - 1], std::byte{'r'});
  ref->end_reading();
  ref->count_keeper(base::Storage::Keeper::kValue, -1);
}

TEST_F(MemoryOfTheEnded, StaysForAForkedChild) {
  auto array = filled(*anna_, kMiB, 'a');
  const auto kept = filled(*anna_, kMiB, 'k');
  anna_->keep_memory();
  end_session();
  array = nullptr;
  EXPECT_GE(in_use(), 2 * kMiB);
}

TEST_F(BlockTest, IsFoundWhileItLives) {
  std::vector<base::Ref<Block>> blocks;
  for (int i = 0; i < 1000; ++i) {
    blocks.push_back(anna_->create(64).value());
  }
  for (const auto& block : blocks) {
    ASSERT_EQ(anna_->blocks().find(block->offset()), block);
  }
  const std::uint64_t offset = blocks[500]->offset();
  blocks.clear();
  EXPECT_EQ(anna_->blocks().find(offset), nullptr);
}

TEST_F(BlockTest, KnowsItsObject) {
  const base::Ref<Block> block = anna_->create(64).value();
  EXPECT_TRUE(block->object().is_nil());
  block->set_object(ObjectId(1, 2));
  EXPECT_EQ(anna_->blocks().object_of(block->offset()), ObjectId(1, 2));
  EXPECT_TRUE(anna_->blocks().object_of(block->offset() + 64).is_nil());
}

}  // namespace
}  // namespace manta::objectstore
