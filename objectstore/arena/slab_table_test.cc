#include "slab_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../arena_fixture.h"

namespace manta::objectstore {
namespace {

constexpr std::size_t kSlabs = 8;
constexpr SlabCounts kCounts{.budget = kSlabs, .memory = kSlabs};
constexpr OwnerTag kAnna = 1;
constexpr OwnerTag kBert = 2;

class SlabTableTest : public testing::Test {
 protected:
  SlabTableTest() : memory_(SlabTable::bytes(kCounts)), table_(initialized(memory_)) {}

  static SlabTable initialized(const SharedMemory& memory) {
    SlabTable::initialize(memory.data(), kCounts);
    return SlabTable(memory.data());
  }
  static std::uint32_t slabs(std::size_t n) { return static_cast<std::uint32_t>(n * kSlabPages); }
  // Everything is free: then one run takes all.
  bool all_is_free() {
    const auto run = table_.take_run(kAnna, slabs(kSlabs), From::kUnused);
    if (run) {
      table_.set_run_owner(*run, kAnna, kNobody);
    }
    return run.has_value();
  }

  SharedMemory memory_;
  SlabTable table_;
};

TEST_F(SlabTableTest, RunsComeFromBelowAndSmallBlocksFromAbove) {
  EXPECT_EQ(table_.take_run(kAnna, slabs(2), From::kUnused), 0u);
  EXPECT_EQ(table_.take_run(kAnna, 1, From::kUnused), 2u);
  EXPECT_EQ(table_.take_small(kAnna, 0, From::kUnused), kSlabs - 1);
  EXPECT_EQ(table_.take_small(kBert, 0, From::kUnused), kSlabs - 2);
}

TEST_F(SlabTableTest, TheCheckerFindsWhatIsWrong) {
  const auto run = table_.take_run(kAnna, slabs(2), From::kUnused);
  ASSERT_TRUE(run && table_.pages().charge(*run, slabs(2)));
  table_.take_small(kBert, 3, From::kUnused);
  EXPECT_THAT(table_.faults(), testing::IsEmpty());
  table_.pages().set_committed(5, 7);
  EXPECT_THAT(table_.faults(), testing::ElementsAre("slab 5 has 7 pages, of 0 that are charged"));
  table_.pages().emptied(5);
  ASSERT_TRUE(table_.set_bytes(*run, RunBytes::kSpilling) &&
              table_.set_bytes(*run, RunBytes::kOnDisk));
  EXPECT_THAT(table_.faults(),
              testing::ElementsAre("slab 0 has memory, although its bytes are on disk",
                                   "slab 1 has memory, although its bytes are on disk"));
  ASSERT_TRUE(table_.set_bytes(*run, RunBytes::kInMemory));
  ASSERT_EQ(table_.claim(3, kAnna, From::kUnused), 1U);
  EXPECT_THAT(table_.faults(), testing::ElementsAre("slab 3 is claimed by process 1"));
}

TEST_F(SlabTableTest, FreeRunIsTakenAgainWhole) {
  table_.take_run(kAnna, slabs(1), From::kUnused);
  const auto run = table_.take_run(kAnna, slabs(3), From::kUnused);
  table_.set_run_owner(*run, kAnna, kNobody);
  EXPECT_EQ(table_.take_run(kBert, slabs(3) - 7, From::kUnused), run);
  EXPECT_EQ(table_.word(*run).owner, kBert);
}

TEST_F(SlabTableTest, FreeRunIsTakenApartForOtherSizes) {
  const auto run = table_.take_run(kAnna, slabs(kSlabs), From::kUnused);
  table_.set_run_owner(*run, kAnna, kNobody);
  EXPECT_EQ(table_.take_run(kBert, slabs(3), From::kUnused), 0u);
  EXPECT_EQ(table_.take_run(kBert, slabs(5), From::kUnused), 3u);
  EXPECT_EQ(table_.take_run(kBert, slabs(1), From::kUnused), std::nullopt);
}

TEST_F(SlabTableTest, NeighbouringFreeRunsAreTakenAsOne) {
  for (int i = 0; i < 4; ++i) {
    table_.take_run(kAnna, slabs(2), From::kUnused);
  }
  table_.set_run_owner(2, kAnna, kNobody);
  table_.set_run_owner(4, kAnna, kNobody);
  EXPECT_EQ(table_.take_run(kAnna, slabs(4), From::kUnused), 2u);
}

TEST_F(SlabTableTest, EmptySlabsOfSmallBlocksServeRuns) {
  for (std::size_t i = 0; i < kSlabs; ++i) {
    const auto slab = table_.take_small(kAnna, 3, From::kUnused);
    table_.tag(*slab, 5).store(kBert);
    table_.abandon_small(*slab, kAnna, 3);
  }
  EXPECT_FALSE(all_is_free());
  for (std::size_t i = 0; i < kSlabs; ++i) {
    table_.tag(i, 5).store(kNobody);
  }
  EXPECT_TRUE(all_is_free());
}

TEST_F(SlabTableTest, FindsTheRunAroundASlab) {
  table_.take_run(kAnna, slabs(1), From::kUnused);
  const auto run = table_.take_run(kAnna, slabs(3), From::kUnused);
  EXPECT_EQ(table_.find_run(*run), run);
  EXPECT_EQ(table_.find_run(*run + 2), run);
  EXPECT_EQ(table_.find_run(*run + 3), kSlabs);
}

TEST_F(SlabTableTest, SweepFreesRunsOfTheDeadOnly) {
  table_.take_run(kAnna, slabs(2), From::kUnused);
  const auto kept = table_.take_run(kAnna, slabs(2), From::kUnused);
  table_.hand_over_run(*kept, kBert);  // its tail still names Anna
  table_.hand_over_run(*kept, kBert);  // said twice
  table_.take_run(kBert, slabs(2), From::kUnused);
  table_.sweep(kAnna);
  EXPECT_EQ(table_.word(0).owner, kNobody);
  EXPECT_EQ(table_.word(*kept).owner, kBert);
  EXPECT_EQ(table_.take_run(kBert, slabs(3), From::kUnused), std::nullopt);
  table_.sweep(kBert);
  EXPECT_TRUE(all_is_free());
}

TEST_F(SlabTableTest, SweepFreesSlabsClaimedButNotPublished) {
  for (std::size_t slab : {std::size_t{1}, std::size_t{4}, std::size_t{5}}) {
    table_.claim(slab, kAnna, From::kUnused);
  }
  EXPECT_FALSE(all_is_free());
  table_.sweep(kAnna);
  EXPECT_TRUE(all_is_free());
}

TEST_F(SlabTableTest, SweepFreesSmallBlocksOfTheDeadInAnyonesSlab) {
  const auto annas = table_.take_small(kAnna, 0, From::kUnused);
  const auto berts = table_.take_small(kBert, 0, From::kUnused);
  table_.tag(*annas, 1).store(kAnna);
  table_.tag(*annas, 2).store(kBert);
  table_.tag(*berts, 3).store(kAnna);
  table_.sweep(kAnna);
  EXPECT_EQ(table_.tag(*annas, 1).load(), kNobody);
  EXPECT_EQ(table_.tag(*annas, 2).load(), kBert);
  EXPECT_EQ(table_.tag(*berts, 3).load(), kNobody);
  EXPECT_EQ(table_.word(*annas).owner, kNobody);
  EXPECT_EQ(table_.word(*berts).owner, kBert);
  table_.sweep(kBert);
  EXPECT_TRUE(all_is_free());
}

TEST_F(SlabTableTest, AbandonedSlabIsAdoptedByWhoNeedsItsClass) {
  const auto slab = table_.take_small(kAnna, 7, From::kUnused);
  table_.tag(*slab, 0).store(kAnna);
  table_.abandon_small(*slab, kAnna, 7);
  EXPECT_EQ(table_.adopt_any_small(kBert, 6), std::nullopt);
  EXPECT_EQ(table_.adopt_any_small(kBert, 7), slab);
  EXPECT_FALSE(table_.adopt_small(*slab, kAnna, 7));
}

TEST_F(SlabTableTest, ASlabWithRoomIsTakenFromItsOwnerWhenNothingElseIsLeft) {
  const auto slab = table_.take_small(kAnna, 7, From::kUnused);
  ASSERT_EQ(table_.tag_block(*slab, 7, 0, kAnna), SlabTable::Tagged::kDone);
  EXPECT_EQ(table_.adopt_any_small(kBert, 7), std::nullopt);
  EXPECT_EQ(table_.adopt_any_small(kAnna, 7, SlabTable::Whose::kAnybodys), std::nullopt) << "hers";
  EXPECT_EQ(table_.adopt_any_small(kBert, 7, SlabTable::Whose::kAnybodys), slab);
  EXPECT_EQ(table_.tag_block(*slab, 7, 1, kAnna), SlabTable::Tagged::kSlabLost);
  EXPECT_EQ(table_.tag_block(*slab, 7, 1, kBert), SlabTable::Tagged::kDone);
  EXPECT_EQ(table_.tag(*slab, 0).load(), kAnna);
  for (std::size_t i = 2; i < SlabTable::blocks_per_slab(7); ++i) table_.tag(*slab, i).store(kBert);
  EXPECT_EQ(table_.adopt_any_small(kAnna, 7, SlabTable::Whose::kAnybodys), std::nullopt) << "full";
}

TEST_F(SlabTableTest, EmptySlabIsTakenFromItsOwnerWhenNothingElseIsLeft) {
  const auto slab = table_.take_small(kAnna, 7, From::kUnused);
  EXPECT_EQ(table_.take_run(kBert, slabs(kSlabs), From::kUnused), std::nullopt);
  table_.tag(*slab, 3).store(kAnna);
  EXPECT_EQ(table_.take_run(kBert, slabs(kSlabs), From::kUnusedAndEmpty), std::nullopt);
  table_.tag(*slab, 3).store(kNobody);
  EXPECT_TRUE(table_.take_run(kBert, slabs(kSlabs), From::kUnusedAndEmpty));
  EXPECT_EQ(table_.tag_block(*slab, 7, 0, kAnna), SlabTable::Tagged::kSlabLost);
  EXPECT_EQ(table_.tag(*slab, 0).load(), kNobody);
  EXPECT_FALSE(table_.abandon_small(*slab, kAnna, 7));
}

TEST_F(SlabTableTest, ABlockIsTaggedOnce) {
  const auto slab = table_.take_small(kAnna, 7, From::kUnused);
  EXPECT_EQ(table_.tag_block(*slab, 7, 0, kAnna), SlabTable::Tagged::kDone);
  EXPECT_EQ(table_.tag_block(*slab, 7, 0, kAnna), SlabTable::Tagged::kNotFree);
}

TEST_F(SlabTableTest, TagLeftByADeadProcessInASlabThatWasTakenFromItIsForgotten) {
  table_.tag(kSlabs - 1, 2).store(kBert);  // it died before it could take it back
  const auto slab = table_.take_small(kAnna, 7, From::kUnused);
  EXPECT_EQ(table_.tag(*slab, 2).load(), kNobody);
}

constexpr std::uint8_t kSpilledClass = size_class_of(100'000);

TEST_F(SlabTableTest, ASpilledSlabIsAllocatedFromByNobody) {
  const auto slab = table_.take_small(kAnna, kSpilledClass, From::kUnused);
  ASSERT_EQ(table_.tag_block(*slab, kSpilledClass, 0, kAnna), SlabTable::Tagged::kDone);
  ASSERT_EQ(table_.tag_block(*slab, kSpilledClass, 1, kAnna), SlabTable::Tagged::kDone);
  table_.tag(*slab, 1).store(kBert);
  ASSERT_TRUE(table_.set_bytes(*slab, RunBytes::kSpilling));
  EXPECT_FALSE(table_.set_bytes(*slab, RunBytes::kSpilling)) << "twice";
  EXPECT_EQ(table_.tag_block(*slab, kSpilledClass, 2, kAnna), SlabTable::Tagged::kSlabLost);
  EXPECT_EQ(table_.tag(*slab, 2).load(), kNobody);
  EXPECT_THAT(table_.faults(), testing::IsEmpty());
  ASSERT_TRUE(table_.set_bytes(*slab, RunBytes::kOnDisk));
  EXPECT_EQ(table_.word(*slab).bytes(), RunBytes::kOnDisk);
  EXPECT_FALSE(table_.abandon_small(*slab, kAnna, kSpilledClass));
  EXPECT_FALSE(table_.release_small(*slab, kAnna, kSpilledClass));
  EXPECT_EQ(table_.adopt_any_small(kBert, kSpilledClass), std::nullopt);
  table_.sweep(kAnna);
  EXPECT_EQ(table_.tag(*slab, 0).load(), kNobody);
  EXPECT_EQ(table_.tag(*slab, 1).load(), kBert);
  table_.tag(*slab, 1).store(kNobody);
  EXPECT_EQ(table_.claim(*slab, kBert, From::kUnusedAndEmpty), 0U) << "until the node says so";
  EXPECT_EQ(table_.adopt_any_small(kBert, kSpilledClass), std::nullopt);
  EXPECT_THAT(table_.faults(), testing::IsEmpty());
  ASSERT_TRUE(table_.set_bytes(*slab, RunBytes::kInMemory));
  EXPECT_THAT(table_.faults(), testing::IsEmpty());
  EXPECT_TRUE(all_is_free());
}

TEST_F(SlabTableTest, ASlabThatStaysInMemoryIsAbandoned) {
  const auto slab = table_.take_small(kAnna, kSpilledClass, From::kUnused);
  table_.tag_block(*slab, kSpilledClass, 0, kAnna);
  ASSERT_TRUE(table_.set_bytes(*slab, RunBytes::kSpilling));
  ASSERT_TRUE(table_.set_bytes(*slab, RunBytes::kInMemory));
  EXPECT_FALSE(table_.set_bytes(*slab, RunBytes::kInMemory)) << "it is there";
  EXPECT_EQ(table_.tag_block(*slab, kSpilledClass, 1, kAnna), SlabTable::Tagged::kSlabLost);
  EXPECT_EQ(table_.tag(*slab, 0).load(), kAnna);
  EXPECT_EQ(table_.adopt_any_small(kBert, kSpilledClass), slab);
  EXPECT_EQ(table_.tag_block(*slab, kSpilledClass, 1, kBert), SlabTable::Tagged::kDone);
}

TEST_F(SlabTableTest, ASlabThatIsEmptyOrAllocatedFromOrOfSmallBlocksIsNotSpilled) {
  const auto slab = table_.take_small(kAnna, kSpilledClass, From::kUnused);
  EXPECT_FALSE(table_.set_bytes(*slab, RunBytes::kSpilling)) << "all are free";
  ASSERT_TRUE(table_.adopt_small(*slab, kAnna, kSpilledClass));
  table_.tag(*slab, 4).store(kBert);
  table_.tag(*slab, 3).store(tentative(kAnna));
  EXPECT_FALSE(table_.set_bytes(*slab, RunBytes::kSpilling)) << "one is being tagged";
  ASSERT_TRUE(table_.adopt_small(*slab, kAnna, kSpilledClass));
  table_.tag(*slab, 3).store(kAnna);
  EXPECT_TRUE(table_.set_bytes(*slab, RunBytes::kSpilling));

  constexpr std::uint8_t kSmaller = size_class_of(kSmallestSpilled) - 1;
  const auto small = table_.take_small(kAnna, kSmaller, From::kUnused);
  table_.tag_block(*small, kSmaller, 0, kAnna);
  EXPECT_FALSE(table_.set_bytes(*small, RunBytes::kSpilling));
  EXPECT_EQ(table_.word(*small).owner, kAnna);
}

TEST_F(SlabTableTest, TheCheckerFindsASpilledSlabThatHasMemory) {
  const auto slab = table_.take_small(kAnna, kSpilledClass, From::kUnused);
  table_.tag_block(*slab, kSpilledClass, 0, kAnna);
  ASSERT_TRUE(table_.pages().charge(*slab, kSlabPages));
  ASSERT_TRUE(table_.set_bytes(*slab, RunBytes::kSpilling) &&
              table_.set_bytes(*slab, RunBytes::kOnDisk));
  EXPECT_THAT(table_.faults(),
              testing::ElementsAre("slab 7 has memory, although its bytes are on disk"));
}

TEST_F(SlabTableTest, MoreSlabsCountWhenWhatIsFreeLiesInPieces) {
  SharedMemory memory(SlabTable::bytes({.budget = 4, .memory = 12}));
  SlabTable::initialize(memory.data(), {.budget = 4, .memory = 12});
  SlabTable table(memory.data());
  EXPECT_EQ(table.memory_end(), 4u);
  const auto first = table.take_run(kAnna, slabs(1), From::kUnused);
  table.take_run(kAnna, slabs(1), From::kUnused);
  table.set_run_owner(*first, kAnna, kNobody);
  EXPECT_EQ(table.take_run(kBert, slabs(3), From::kUnused), std::nullopt);
  EXPECT_EQ(table.take_run(kBert, slabs(3), From::kUnusedAndEmpty), 4u);
  EXPECT_EQ(table.memory_end(), 7u);
  EXPECT_EQ(table.take_run(kBert, slabs(6), From::kUnusedAndEmpty), std::nullopt);
  EXPECT_EQ(table.take_run(kBert, slabs(5), From::kUnusedAndEmpty), 7u);
  table.sweep(kBert);
  EXPECT_EQ(table.take_run(kAnna, slabs(8), From::kUnused), 2u);
}

}  // namespace
}  // namespace manta::objectstore
