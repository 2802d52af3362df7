#include "slab_pages.h"

#include <gtest/gtest.h>

#include "../arena_fixture.h"

namespace manta::objectstore {
namespace {

constexpr std::uint64_t kBudget = 1000;

class SlabPagesTest : public testing::Test {
 protected:
  SlabPagesTest() : memory_(SlabPages::bytes(64)), pages_(initialized(memory_)) {}

  static SlabPages initialized(const SharedMemory& memory) {
    SlabPages::initialize(memory.data(), kBudget);
    return SlabPages(memory.data());
  }

  SharedMemory memory_;
  SlabPages pages_;
};

TEST_F(SlabPagesTest, CommitmentOnlyGrowsUntilTheSlabIsEmptied) {
  EXPECT_TRUE(pages_.mark_used(3));
  EXPECT_FALSE(pages_.mark_used(3));
  pages_.set_committed(3, 100);
  pages_.set_committed(3, 20);
  EXPECT_EQ(pages_.committed(3), 100u);
  pages_.begin_emptying(3);
  EXPECT_EQ(pages_.committed(3), 0u);
  EXPECT_FALSE(pages_.mark_used(3)) << "what was there may be there still";
  pages_.emptied(3);
  EXPECT_TRUE(pages_.mark_used(3));
}

TEST_F(SlabPagesTest, ARunIsChargedForWhatItsSlabsLackOrNotAtAll) {
  EXPECT_TRUE(pages_.charge(0, 2 * kSlabPages + 88));
  EXPECT_EQ(pages_.left(), 400u);
  EXPECT_EQ(pages_.charged(1), kSlabPages);
  EXPECT_EQ(pages_.charged(2), 88u);
  EXPECT_TRUE(pages_.charge(1, kSlabPages + 60)) << "it was charged before";
  EXPECT_EQ(pages_.left(), 400u);
  EXPECT_EQ(pages_.missing(2, 2 * kSlabPages), 2 * kSlabPages - 88);
  EXPECT_FALSE(pages_.charge(2, 2 * kSlabPages));
  EXPECT_EQ(pages_.charged(2), 88u);
  EXPECT_EQ(pages_.left(), 400u);
  EXPECT_TRUE(pages_.charge(2, 2 * kSlabPages - 24));
  EXPECT_EQ(pages_.left(), 0u);
  pages_.begin_emptying(0);
  EXPECT_EQ(pages_.left(), 0u) << "not yet";
  pages_.emptied(0);
  EXPECT_EQ(pages_.left(), kSlabPages);
}

TEST_F(SlabPagesTest, ASlabIsEmptiedInPart) {
  ASSERT_TRUE(pages_.charge(0, 200));
  pages_.mark_used(0);
  pages_.set_committed(0, 150);
  pages_.begin_emptying(0, 30);
  EXPECT_EQ(pages_.committed(0), 30u);
  EXPECT_EQ(pages_.charged(0), 200u);
  pages_.emptied(0, 30);
  EXPECT_EQ(pages_.charged(0), 30u);
  EXPECT_EQ(pages_.left(), kBudget - 30);
  EXPECT_FALSE(pages_.mark_used(0));
}

TEST_F(SlabPagesTest, WhatIsBesideLeavesLessToCharge) {
  ASSERT_TRUE(pages_.charge(0, 2 * kSlabPages));
  pages_.set_beside(400);
  EXPECT_EQ(pages_.left(), 88u);
  EXPECT_FALSE(pages_.charge(2, 89));
  EXPECT_TRUE(pages_.charge(2, 88));
  EXPECT_EQ(pages_.excess(), 0u);
  pages_.set_beside(410);  // nobody asks before it grows
  EXPECT_EQ(pages_.left(), 0u);
  EXPECT_EQ(pages_.excess(), 10u);
  EXPECT_FALSE(pages_.charge(0, kSlabPages)) << "also where it was charged before";
  pages_.set_beside(0);
  EXPECT_EQ(pages_.left(), 400u);
}

TEST_F(SlabPagesTest, WhatIsBesideLeavesHalfOfTheBudget) {
  pages_.set_beside(10 * kBudget);
  EXPECT_EQ(pages_.left(), kBudget / 2);
  EXPECT_TRUE(pages_.charge(0, kBudget / 2));
}

TEST_F(SlabPagesTest, ACountThatADeathMadeWrongIsPutRightWhenItIsSeenTwice) {
  ASSERT_TRUE(pages_.charge(0, 300));
  pages_.settle(300, 300);
  pages_.settle(300, 200);  // somebody is about to charge, as far as this look can tell
  pages_.settle(300, 300);
  pages_.settle(400, 300);
  pages_.settle(300, 200);
  EXPECT_EQ(pages_.left(), 700u);
  pages_.settle(300, 200);
  EXPECT_EQ(pages_.left(), 800u);
}

}  // namespace
}  // namespace manta::objectstore
