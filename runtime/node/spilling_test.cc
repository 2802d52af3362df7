#include "spilling.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../base/error.h"
#include "../../objectstore/arena_fixture.h"
#include "own_asio.h"

namespace manta::detail::node {
namespace {

using objectstore::Arena;
using objectstore::kMiB;
using objectstore::RunBytes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr rpc::Slot kDriver = 1;
constexpr rpc::Slot kWorker = 2;
constexpr std::size_t kSize = 4 * kMiB;

// Keeps objects in memory, and fails where it is told to.
class MemoryPlace final : public objectstore::SpillPlace {
 public:
  std::vector<objectstore::SpilledAt> write(std::span<const Bytes> objects, Time) override {
    std::unique_lock lock(mutex);
    answers.wait(lock, [this] { return !hangs; });
    if (full) throw OutOfDisk("the disk is full");
    std::vector<objectstore::SpilledAt> all;
    for (const Bytes bytes : objects.first(std::min(objects.size(), most_at_once))) {
      kept[++last] = {bytes.begin(), bytes.end()};
      all.push_back({.size = bytes.size(), .number = last});
    }
    return all;
  }
  void read(const objectstore::SpilledAt& at, std::span<std::byte> to) override {
    std::unique_lock lock(mutex);
    answers.wait(lock, [this] { return !hangs; });
    if (damaged) throw objectstore::SpillLost("a checksum is wrong");
    std::memcpy(to.data(), kept.at(at.number).data(), to.size());
  }
  void erase(const objectstore::SpilledAt& at) override {
    const std::lock_guard lock(mutex);
    kept.erase(at.number);
  }
  std::size_t size() {
    const std::lock_guard lock(mutex);
    return kept.size();
  }

  void hang(bool whether) {
    const std::lock_guard lock(mutex);
    hangs = whether;
    answers.notify_all();
  }

  std::mutex mutex;
  std::condition_variable answers;
  bool hangs = false;
  std::size_t most_at_once = 1000;
  bool full = false;
  bool damaged = false;
  std::uint64_t last = 0;
  std::map<std::uint64_t, std::vector<std::byte>> kept;
};

class SpillingOfBlocks : public testing::Test {
 protected:
  struct Told {
    rpc::Slot to = 0;
    RestoreTold told = {};
    std::string text = {};
  };

  SpillingOfBlocks() {
    auto place = std::make_unique<MemoryPlace>();
    place_ = place.get();
    spilling_.emplace(
        io_, node_, std::move(place), 1000,
        SpillSession{.holders_of = [this](std::uint64_t block) { return holders_[block]; },
                     .is_wire =
                         [this](std::uint64_t block) {
                           if (before_marking_) std::exchange(before_marking_, {})();
                           return wires_.contains(block);
                         },
                     .live = [](rpc::Slot slot) { return slot == kDriver || slot == kWorker; },
                     .ask =
                         [this](rpc::Slot to, const SpillAsk& ask, PayloadBytes blocks) {
                           question_ = ask.question;
                           asked_[to] = blocks.size() / sizeof(std::uint64_t);
                         },
                     .tell =
                         [this](rpc::Slot to, const RestoreTold& told, std::string_view text) {
                           told_.push_back({to, told, std::string(text)});
                         },
                     .hold = [this](std::uint64_t block,
                                    rpc::Slot slot) { holders_[block].push_back(slot); },
                     .let_go =
                         [this](std::uint64_t block) {
                           ASSERT_EQ(std::erase(holders_[block], rpc::kNodeSlot), 1U);
                           if (holders_[block].empty()) node_.free(block);
                         },
                     .first_in_line = [this] { return first_in_line_; },
                     .warn = [this](const std::string& text) { warnings_.push_back(text); },
                     .now_ms = [this] { return now_; }});
  }

  ~SpillingOfBlocks() override { place_->hang(false); }

  std::uint64_t filled(char value, std::size_t size = kSize) {
    const auto block = driver_.allocate(size);
    EXPECT_TRUE(block.ok());
    std::memset(driver_.writable(block->offset), value, size);
    return block->offset;
  }
  bool is_all(std::uint64_t offset, char value, std::size_t size = kSize) const {
    const std::byte* const bytes = driver_.readable(offset);
    return std::all_of(bytes, bytes + size,
                       [value](std::byte byte) { return byte == std::byte(value); });
  }
  void agree(rpc::Slot from, std::vector<std::byte> answers) {
    spilling_->on(from, {.question = question_}, answers);
  }
  void agree_to_all() {
    for (const auto& [slot, count] : std::map(asked_)) {
      agree(slot, std::vector<std::byte>(count, std::byte{1}));
    }
    asked_.clear();
  }
  void agree_to_none() {
    for (const auto& [slot, count] : std::map(asked_)) {
      agree(slot, std::vector<std::byte>(count, std::byte{0}));
    }
    asked_.clear();
  }
  void sweep() {
    spilling_->begin_sweep();
    spilling_->end_sweep();
  }
  // The disk's thread has done what it was to do.
  void settle() {
    while (spilling_->spills() || spilling_->empties() || reading_) {
      io_.restart();
      if (io_.run_one() == 0) std::this_thread::yield();
      reading_ = reading_ && told_.empty();
    }
  }
  void spill_all() {
    ASSERT_TRUE(spilling_->make_room());
    agree_to_all();
    sweep();
    settle();
  }
  void restore(std::uint64_t block, rpc::Slot from = kDriver) {
    told_.clear();
    spilling_->on(from, RestoreAsk{.question = 77, .block = block});
    reading_ = told_.empty();
    settle();
  }
  RunBytes where(std::uint64_t block) const { return node_.block_at(block).bytes; }
  // The node looks for what is free, and its disk's thread erases that: as many objects are left there.
  bool leaves(std::size_t objects) {
    do {
      now_ += 1000;
      io_.poll();
      spilling_->look();
      std::this_thread::yield();
    } while (place_->size() > objects);
    return place_->size() == objects;
  }

  objectstore::ArenaFixture fixture_{
      objectstore::ArenaSize{.memory = 16 * kMiB, .addresses = 128 * kMiB}};
  Arena node_ = fixture_.arena(objectstore::kNodeTag);
  Arena driver_ = fixture_.arena(kDriver);
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  MemoryPlace* place_ = nullptr;
  std::map<std::uint64_t, std::vector<scheduler::ProcessSlot>> holders_;
  std::set<std::uint64_t> wires_;
  std::map<rpc::Slot, std::size_t> asked_;
  std::uint64_t question_ = 0;
  std::vector<Told> told_;
  std::vector<std::string> warnings_;
  std::int64_t now_ = 0;
  std::int64_t first_in_line_ = std::numeric_limits<std::int64_t>::max();
  bool reading_ = false;
  std::function<void()> before_marking_;  // once
  std::optional<Spilling> spilling_;
};

TEST_F(SpillingOfBlocks, MakesRoomAndBringsBack) {
  const auto a = filled('a'), b = filled('b');
  spill_all();
  EXPECT_EQ(where(a), RunBytes::kOnDisk);
  EXPECT_EQ(node_.stats().spilled, 2 * kSize);
  EXPECT_EQ(node_.stats().used, 0U);
  EXPECT_EQ(place_->size(), 2U);
  const auto all = driver_.allocate(16 * kMiB);
  ASSERT_TRUE(all.ok()) << "their memory is free";
  driver_.free(all->offset);
  restore(b);
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].told.outcome, RestoreTold::Outcome::kRestored);
  EXPECT_EQ(told_[0].told.question, 77U);
  const std::uint64_t copy = told_[0].told.block;
  EXPECT_NE(copy, b);
  EXPECT_TRUE(is_all(copy, 'b'));
  EXPECT_THAT(holders_[copy], ElementsAre(rpc::kNodeSlot, kDriver));
  restore(b, kWorker);
  EXPECT_EQ(told_.at(0).told.block, copy) << "others read the same";
  EXPECT_THAT(holders_[copy], ElementsAre(rpc::kNodeSlot, kDriver, kWorker));
  EXPECT_TRUE(spilling_->is_copy(copy));
}

TEST_F(SpillingOfBlocks, WhatWasReadBackIsInBothPlacesButOneObject) {
  const auto a = filled('a'), b = filled('b');
  const auto expect = [&](std::size_t used, std::size_t spilled, std::size_t objects) {
    const StoreStats stats = node_.stats();
    EXPECT_EQ(stats.used, used);
    EXPECT_EQ(stats.spilled, spilled);
    EXPECT_EQ(stats.objects, objects);
  };
  expect(2 * kSize, 0, 2);
  EXPECT_EQ(node_.stats().pinned, 2 * kSize);
  spill_all();
  expect(0, 2 * kSize, 2);
  restore(a);
  restore(a, kWorker);
  expect(kSize, 2 * kSize, 2);
  restore(b);
  expect(2 * kSize, 2 * kSize, 2);
  EXPECT_EQ(node_.stats().pinned, 0U) << "the node owns what it has read back";
  const std::uint64_t copy = told_.at(0).told.block;
  holders_[copy] = {rpc::kNodeSlot};
  EXPECT_TRUE(spilling_->make_room());
  expect(kSize, 2 * kSize, 2);
  driver_.free(a);
  EXPECT_TRUE(leaves(1));
  expect(kSize, kSize, 2);  // arrays point into the copy of what was freed
  driver_.free(b);
  EXPECT_TRUE(leaves(0));
  expect(kSize, 0, 1);
}

TEST_F(SpillingOfBlocks, StartsAtEightyPercent) {
  std::vector<std::uint64_t> blocks;
  while (node_.filled() < 0.72) blocks.push_back(filled('a', kMiB));
  ASSERT_LE(node_.filled(), 0.8);
  spilling_->keep_room();
  EXPECT_FALSE(spilling_->spills()) << node_.filled();
  EXPECT_THAT(asked_, IsEmpty());
  while (node_.filled() <= 0.8) blocks.push_back(filled('b', kMiB));
  ASSERT_LE(node_.filled(), 0.9) << "before somebody has to wait";
  spilling_->keep_room();
  EXPECT_TRUE(spilling_->spills()) << node_.filled();
  agree_to_all();
  sweep();
  settle();
  EXPECT_EQ(where(blocks.front()), RunBytes::kOnDisk);
  EXPECT_LT(node_.filled(), 0.8);
}

TEST_F(SpillingOfBlocks, ACopyStaysForTheNextReaderUntilMemoryIsNeeded) {
  const auto a = filled('a'), b = filled('b');
  spill_all();
  restore(a);
  const std::uint64_t first = told_.at(0).told.block;
  restore(b);
  const std::uint64_t second = told_.at(0).told.block;
  holders_[first] = holders_[second] = {rpc::kNodeSlot};  // the reader has dropped its arrays
  place_->damaged = true;
  restore(a);
  EXPECT_EQ(told_.at(0).told.block, first) << "the disk is not read";
  EXPECT_TRUE(spilling_->make_room());
  EXPECT_EQ(node_.block_at(second).owner, objectstore::kNobody);
  EXPECT_FALSE(spilling_->is_copy(second));
  EXPECT_TRUE(is_all(first, 'a')) << "it has a reader";
  EXPECT_TRUE(spilling_->is_copy(first));
  EXPECT_FALSE(spilling_->spills());
  place_->damaged = false;
  restore(b);
  EXPECT_TRUE(is_all(told_.at(0).told.block, 'b'));
}

TEST_F(SpillingOfBlocks, ACopyGoesWithItsBlock) {
  const auto a = filled('a');
  spill_all();
  restore(a);
  const std::uint64_t copy = told_.at(0).told.block;
  driver_.free(a);
  EXPECT_TRUE(leaves(0));
  EXPECT_THAT(holders_[copy], ElementsAre(kDriver)) << "whose array stays";
  EXPECT_FALSE(spilling_->is_copy(copy));
}

TEST_F(SpillingOfBlocks, WhoDoesNotAgreeKeepsItsBlocks) {
  const auto a = filled('a'), b = filled('b');
  ASSERT_TRUE(spilling_->make_room());
  EXPECT_EQ(where(a), RunBytes::kSpilling) << "marked before anybody was asked";
  agree(kDriver, {std::byte{0}, std::byte{1}});
  EXPECT_EQ(where(a), RunBytes::kInMemory);
  sweep();
  settle();
  EXPECT_EQ(where(b), RunBytes::kOnDisk);
  EXPECT_TRUE(is_all(a, 'a'));
  restore(a);  // of a process that had agreed to it in another round
  EXPECT_EQ(told_.at(0).told.outcome, RestoreTold::Outcome::kInMemory);
}

TEST_F(SpillingOfBlocks, AHolderThatAppearsInTheSweepKeepsIt) {
  const auto a = filled('a');
  ASSERT_TRUE(spilling_->make_room());
  agree_to_all();
  spilling_->begin_sweep();
  holders_[a].push_back(kWorker);
  spilling_->end_sweep();
  EXPECT_EQ(where(a), RunBytes::kInMemory);
  EXPECT_FALSE(spilling_->spills());
  spill_all();  // now the worker is asked, too
  EXPECT_EQ(where(a), RunBytes::kOnDisk);
}

TEST_F(SpillingOfBlocks, AnAnswerDuringASweepDoesNotEndIt) {
  const auto a = filled('a');
  ASSERT_TRUE(spilling_->make_room());
  spilling_->begin_sweep();
  agree_to_all();
  spilling_->end_sweep();
  EXPECT_EQ(where(a), RunBytes::kSpilling) << "it began before the answer";
  sweep();
  settle();
  EXPECT_EQ(where(a), RunBytes::kOnDisk);
}

TEST_F(SpillingOfBlocks, WhoDoesNotAnswerOrDiesIsNotWaitedFor) {
  const auto a = filled('a');
  holders_[a] = {kWorker};
  ASSERT_TRUE(spilling_->make_room());
  agree(kDriver, {std::byte{1}});
  now_ = 199;
  spilling_->look();
  EXPECT_TRUE(spilling_->spills());
  now_ = 200;
  spilling_->look();
  sweep();
  EXPECT_EQ(where(a), RunBytes::kInMemory);

  ASSERT_TRUE(spilling_->make_room());
  agree(kDriver, {std::byte{1}});
  spilling_->process_died(kWorker);
  holders_[a].clear();
  sweep();
  settle();
  EXPECT_EQ(where(a), RunBytes::kInMemory) << "it had not agreed";
}

TEST_F(SpillingOfBlocks, WhatIsFreedMeanwhileIsFree) {
  const auto a = filled('a'), b = filled('b'), c = filled('c');
  ASSERT_TRUE(spilling_->make_room());
  driver_.free(a);
  const auto next = driver_.allocate(kSize);
  ASSERT_TRUE(next.ok());
  EXPECT_NE(next->offset, a) << "its place is still spoken of";
  driver_.free(next->offset);
  agree_to_all();
  sweep();
  driver_.free(b);
  settle();
  EXPECT_TRUE(leaves(1));
  driver_.free(c);
  EXPECT_TRUE(leaves(0));
  EXPECT_FALSE(spilling_->busy());
  EXPECT_EQ(node_.stats().objects, 0U);
  EXPECT_TRUE(driver_.allocate(16 * kMiB).ok());
}

TEST_F(SpillingOfBlocks, WhatADeadProcessHadOnDiskIsFree) {
  const auto a = filled('a');
  spill_all();
  node_.sweep(kDriver);
  EXPECT_EQ(node_.block_at(a).owner, objectstore::kNobody);
  EXPECT_TRUE(leaves(0));
  EXPECT_TRUE(driver_.allocate(16 * kMiB).ok());
}

TEST_F(SpillingOfBlocks, AFullDiskKeepsThemInMemoryAndIsSaidOnce) {
  const auto a = filled('a');
  place_->full = true;
  for (int i = 0; i < 3; ++i) {
    spill_all();
    EXPECT_EQ(where(a), RunBytes::kInMemory);
    EXPECT_FALSE(spilling_->make_room()) << "not at once";
    now_ += 1000;
  }
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("the disk is full")));
  EXPECT_TRUE(is_all(a, 'a'));
  place_->full = false;
  spill_all();
  EXPECT_EQ(where(a), RunBytes::kOnDisk);
}

TEST_F(SpillingOfBlocks, ADiskThatHasTakenNothingMakesNoRoomUntilItWorks) {
  const auto a = filled('a');
  now_ = 5000;
  EXPECT_FALSE(spilling_->has_tried_since(5000));
  place_->full = true;
  spill_all();
  EXPECT_TRUE(spilling_->has_tried_since(5000));
  now_ += 1000;
  EXPECT_FALSE(spilling_->has_tried_since(6000));
  ASSERT_TRUE(spilling_->make_room());
  EXPECT_TRUE(spilling_->spills());
  EXPECT_FALSE(spilling_->makes_room()) << "so that who waits is refused in time";
  place_->full = false;
  agree_to_all();
  sweep();
  settle();
  EXPECT_EQ(where(a), RunBytes::kOnDisk);
  (void)filled('b');
  ASSERT_TRUE(spilling_->make_room());
  EXPECT_TRUE(spilling_->makes_room());
  agree_to_none();
  sweep();
}

TEST_F(SpillingOfBlocks, WhatCannotBeReadIsLostWithTheCause) {
  const auto a = filled('a');
  spill_all();
  place_->damaged = true;
  restore(a);
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].told.outcome, RestoreTold::Outcome::kLost);
  EXPECT_THAT(told_[0].text, HasSubstr("a checksum is wrong"));
  EXPECT_EQ(node_.stats().used, 0U) << "the memory for it is free";
}

TEST_F(SpillingOfBlocks, AReaderWaitsForRoom) {
  const auto a = filled('a');
  spill_all();
  const auto all = driver_.allocate(16 * kMiB);
  now_ = 5000;
  spilling_->on(kDriver, RestoreAsk{.question = 1, .block = a});
  ASSERT_TRUE(spilling_->spills()) << "it tries to make room";
  agree(kDriver, {std::byte{0}});
  sweep();
  now_ = 6000;
  spilling_->look();
  EXPECT_THAT(told_, IsEmpty());
  now_ = 6300;
  for (int i = 0; i < 3 && told_.empty(); ++i) {
    spilling_->look();
    agree_to_none();
    sweep();
  }
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].told.outcome, RestoreTold::Outcome::kNoRoom);
  driver_.free(all->offset);
  restore(a);
  EXPECT_EQ(told_.at(0).told.outcome, RestoreTold::Outcome::kRestored);
}

TEST_F(SpillingOfBlocks, ADiskThatDoesNotAnswerAWriteLeavesAllInMemory) {
  const auto a = filled('a'), b = filled('b');
  place_->hang(true);
  ASSERT_TRUE(spilling_->make_room());
  agree_to_all();
  sweep();
  spilling_->on(kDriver, RestoreAsk{.question = 1, .block = a});
  spilling_->look();
  EXPECT_THAT(told_, IsEmpty());
  EXPECT_TRUE(spilling_->makes_room());
  now_ += 200'000;
  spilling_->look();
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].told.outcome, RestoreTold::Outcome::kInMemory);
  EXPECT_TRUE(is_all(a, 'a'));
  EXPECT_EQ(where(b), RunBytes::kInMemory);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("the disk has not answered for 200 s")));
  EXPECT_FALSE(spilling_->make_room()) << "the write is still under way";
  place_->hang(false);
  while (!spilling_->make_room()) {
    now_ += 100'000;
    io_.poll();
  }
  agree_to_all();
  sweep();
  settle();
  EXPECT_EQ(where(b), RunBytes::kOnDisk);
  EXPECT_TRUE(leaves(2)) << "what was written too late was erased";
}

TEST_F(SpillingOfBlocks, ADiskThatDoesNotAnswerAReadIsSaid) {
  const auto a = filled('a');
  spill_all();
  place_->hang(true);
  spilling_->on(kDriver, RestoreAsk{.question = 1, .block = a});
  now_ += 59'000;
  spilling_->look();
  EXPECT_THAT(told_, IsEmpty());
  now_ += 10'000;
  spilling_->look();
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].told.outcome, RestoreTold::Outcome::kSilent);
  place_->hang(false);
  restore(a);
  EXPECT_EQ(told_.at(0).told.outcome, RestoreTold::Outcome::kRestored);
}

TEST_F(SpillingOfBlocks, WhatHasNoRoomOnDiskStaysAndIsTriedLater) {
  const auto a = filled('a'), b = filled('b'), c = filled('c');
  place_->most_at_once = 1;
  spill_all();
  EXPECT_EQ(where(a), RunBytes::kOnDisk);
  EXPECT_EQ(where(b), RunBytes::kInMemory);
  EXPECT_TRUE(is_all(c, 'c'));
  spill_all();
  EXPECT_EQ(where(b), RunBytes::kOnDisk) << "where the round before ended";
}

TEST_F(SpillingOfBlocks, AReaderTakesNoMemoryBeforeThoseWhoCameFirst) {
  const auto b = filled('b');
  spill_all();
  const auto a = filled('a');
  first_in_line_ = now_;
  now_ += 5;
  spilling_->on(kDriver, RestoreAsk{.question = 77, .block = b});
  EXPECT_TRUE(spilling_->spills()) << "though there is memory";
  agree_to_all();
  sweep();
  settle();
  EXPECT_EQ(where(a), RunBytes::kOnDisk);
  EXPECT_THAT(told_, IsEmpty());
  first_in_line_ = std::numeric_limits<std::int64_t>::max();
  spilling_->look();
  reading_ = true;
  settle();
  EXPECT_EQ(told_.at(0).told.outcome, RestoreTold::Outcome::kRestored);
}

TEST_F(SpillingOfBlocks, WhatWasDroppedCountsAsRoomThatComes) {
  const auto a = filled('a');
  spill_all();
  restore(a);
  holders_[told_.at(0).told.block] = {rpc::kNodeSlot};
  EXPECT_FALSE(spilling_->makes_room());
  EXPECT_TRUE(spilling_->make_room());
  EXPECT_TRUE(spilling_->makes_room());
  now_ += 1000;
  EXPECT_FALSE(spilling_->makes_room());
}

TEST_F(SpillingOfBlocks, WhatOnlyTheNodeHoldsIsSpilledUnlessTheNodeReadsIt) {
  const auto a = filled('a'), b = filled('b');
  for (const auto block : {a, b}) {
    driver_.hand_over(block, objectstore::kNodeTag);
    holders_[block] = {rpc::kNodeSlot};
  }
  wires_ = {b};
  ASSERT_TRUE(spilling_->make_room());
  EXPECT_THAT(asked_, IsEmpty());
  sweep();
  settle();
  EXPECT_EQ(where(a), RunBytes::kOnDisk);
  EXPECT_EQ(where(b), RunBytes::kInMemory);
}

TEST_F(SpillingOfBlocks, AHoldThatCameAndWentKeepsIt) {
  const auto a = filled('a');
  ASSERT_TRUE(spilling_->make_room());
  agree_to_all();
  spilling_->begin_sweep();
  spilling_->block_held(a, kWorker);
  spilling_->end_sweep();
  EXPECT_EQ(where(a), RunBytes::kInMemory);
}

TEST_F(SpillingOfBlocks, WhoReadsWhileOthersAreAskedIsAnsweredAtOnce) {
  const auto a = filled('a');
  holders_[a] = {kWorker};
  ASSERT_TRUE(spilling_->make_room());
  agree(kDriver, {std::byte{1}});
  spilling_->on(kDriver, RestoreAsk{.question = 77, .block = a});
  EXPECT_EQ(told_.at(0).told.outcome, RestoreTold::Outcome::kInMemory);
  agree(kWorker, {std::byte{1}});
  sweep();
  EXPECT_EQ(where(a), RunBytes::kInMemory);
}

TEST_F(SpillingOfBlocks, LooksBehindWhatMustStay) {
  for (int i = 0; i < 3; ++i) wires_.insert(filled('w'));
  const auto a = filled('a');
  spill_all();
  EXPECT_EQ(where(a), RunBytes::kOnDisk);
}

// Its owner frees a block that the node has seen, and takes the place again for a larger one.
TEST_F(SpillingOfBlocks, ABlockThatHasTakenAnothersPlaceHasASizeOfItsOwn) {
  const auto a = filled('a', kSize - kMiB / 2);
  std::uint64_t larger = 0;
  before_marking_ = [&] {
    driver_.free(a);
    larger = filled('b', kSize);
  };
  ASSERT_TRUE(spilling_->make_room());
  ASSERT_EQ(larger, a) << "the same place";
  agree_to_all();
  sweep();
  settle();
  ASSERT_EQ(where(larger), RunBytes::kOnDisk);
  restore(larger);
  EXPECT_TRUE(is_all(told_.at(0).told.block, 'b'));
}

TEST_F(SpillingOfBlocks, WhoAsksInVainAgainAndAgainMakesNoRoom) {
  (void)filled('a');
  ASSERT_TRUE(spilling_->make_room());
  EXPECT_TRUE(spilling_->makes_room());
  agree_to_none();
  sweep();
  while (spilling_->make_room()) {
    agree_to_none();
    sweep();
  }
  EXPECT_TRUE(spilling_->has_tried_since(now_));
  now_ += 100;
  ASSERT_TRUE(spilling_->make_room());
  EXPECT_TRUE(spilling_->spills());
  EXPECT_FALSE(spilling_->makes_room()) << "so that who waits is refused in time";
}

// 8 times the memory has addresses.
TEST_F(SpillingOfBlocks, AddressesAreLeftForWhatIsRead) {
  std::vector<std::uint64_t> all;
  for (int i = 0; i < 40; ++i) {
    const auto block = driver_.allocate(kSize);
    if (!block.ok()) {
      now_ += 10'000;
      if (!spilling_->make_room()) break;
      agree_to_all();
      sweep();
      settle();
      continue;
    }
    all.push_back(block->offset);
  }
  EXPECT_GE(node_.stats().spilled, 80 * kMiB);
  EXPECT_LE(node_.stats().spilled, 112 * kMiB);
  for (int i = 0; i < 4; ++i) {  // memory for what is read back
    driver_.free(all.back());
    all.pop_back();
  }
  restore(all.front());
  EXPECT_EQ(told_.at(0).told.outcome, RestoreTold::Outcome::kRestored);
}

// Blocks that share slabs: nine fill one.
class SpillingOfSlabs : public SpillingOfBlocks {
 protected:
  static constexpr std::size_t kSmall = 100 << 10;
  static constexpr std::size_t kRoom = 112 << 10;

  // In the order of their places, as they are asked for; their values are 'a', 'b' ...
  std::vector<std::uint64_t> filled_small(int count) {
    std::vector<std::uint64_t> blocks;
    for (int i = 0; i < count; ++i) blocks.push_back(filled('?', kSmall));
    std::ranges::sort(blocks);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      std::memset(driver_.writable(blocks[i]), value_of(i), kSmall);
    }
    return blocks;
  }
  static char value_of(std::size_t i) { return static_cast<char>('a' + i % 26); }
  std::size_t count_where(const std::vector<std::uint64_t>& blocks, RunBytes bytes) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(blocks, [&](std::uint64_t block) { return where(block) == bytes; }));
  }
  // All but one agree.
  void agree_but(std::size_t refused) {
    std::vector<std::byte> answers(asked_.at(kDriver), std::byte{1});
    answers.at(refused) = std::byte{0};
    agree(kDriver, answers);
    asked_.clear();
  }
  void free_all(const std::vector<std::uint64_t>& blocks) {
    for (const auto block : blocks) driver_.free(block);
    EXPECT_TRUE(leaves(0));
    EXPECT_FALSE(spilling_->busy());
    EXPECT_EQ(node_.stats().objects, 0U);
    EXPECT_THAT(node_.faults(), IsEmpty());
    EXPECT_TRUE(driver_.allocate(16 * kMiB).ok());
  }
};

TEST_F(SpillingOfSlabs, GoWholeAndComeBackBlockByBlock) {
  const auto blocks = filled_small(9);
  spill_all();
  EXPECT_EQ(count_where(blocks, RunBytes::kOnDisk), 9U);
  EXPECT_EQ(place_->size(), 9U);
  EXPECT_EQ(node_.stats().spilled, 9 * kRoom);
  EXPECT_EQ(node_.stats().used, 0U);
  EXPECT_THAT(node_.faults(), IsEmpty());
  const auto all = driver_.allocate(16 * kMiB);
  ASSERT_TRUE(all.ok()) << "their memory is free";
  driver_.free(all->offset);
  for (const std::size_t i : {std::size_t{4}, std::size_t{0}, std::size_t{8}}) {
    restore(blocks[i]);
    ASSERT_THAT(told_, SizeIs(1));
    EXPECT_EQ(told_[0].told.outcome, RestoreTold::Outcome::kRestored);
    EXPECT_TRUE(is_all(told_[0].told.block, value_of(i), kSmall)) << i;
    holders_[told_[0].told.block] = {rpc::kNodeSlot};
  }
  free_all(blocks);
}

TEST_F(SpillingOfSlabs, OneThatIsReadKeepsItsNeighbours) {
  const auto blocks = filled_small(27);
  ASSERT_TRUE(spilling_->make_room());
  EXPECT_EQ(count_where(blocks, RunBytes::kSpilling), 27U) << "marked before anybody was asked";
  agree_but(12);
  EXPECT_EQ(count_where(blocks, RunBytes::kInMemory), 9U);
  sweep();
  settle();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_EQ(where(blocks[i]), i / 9 == 1 ? RunBytes::kInMemory : RunBytes::kOnDisk) << i;
  }
  restore(blocks[10]);
  EXPECT_EQ(told_.at(0).told.outcome, RestoreTold::Outcome::kInMemory);
  EXPECT_TRUE(is_all(blocks[10], value_of(10), kSmall));
  restore(blocks[20]);
  EXPECT_TRUE(is_all(told_.at(0).told.block, value_of(20), kSmall));
  holders_[told_.at(0).told.block] = {rpc::kNodeSlot};
  free_all(blocks);
}

TEST_F(SpillingOfSlabs, WhoReadsOrHoldsOneInTheSweepKeepsItsNeighbours) {
  const auto blocks = filled_small(18);
  ASSERT_TRUE(spilling_->make_room());
  spilling_->on(kDriver, RestoreAsk{.question = 77, .block = blocks[3]});
  EXPECT_EQ(told_.at(0).told.outcome, RestoreTold::Outcome::kInMemory);
  EXPECT_EQ(count_where(blocks, RunBytes::kInMemory), 9U);
  agree_to_all();
  spilling_->begin_sweep();
  spilling_->block_held(blocks[17], kWorker);
  spilling_->end_sweep();
  EXPECT_EQ(count_where(blocks, RunBytes::kInMemory), 18U);
  EXPECT_FALSE(spilling_->spills());
  ASSERT_TRUE(spilling_->make_room());
  agree_to_all();
  spilling_->begin_sweep();
  holders_[blocks[0]].push_back(kWorker);
  spilling_->end_sweep();
  settle();
  EXPECT_EQ(where(blocks[8]), RunBytes::kInMemory);
  EXPECT_EQ(where(blocks[9]), RunBytes::kOnDisk);
  EXPECT_TRUE(is_all(blocks[0], value_of(0), kSmall));
  free_all(blocks);
}

TEST_F(SpillingOfSlabs, WhatIsFreedMeanwhileDoesNotKeepItsNeighbours) {
  auto blocks = filled_small(18);
  ASSERT_TRUE(spilling_->make_room());
  driver_.free(blocks[2]);
  agree_but(2);  // it is not known any more
  driver_.free(blocks[5]);
  for (std::size_t i = 9; i < 18; ++i) driver_.free(blocks[i]);  // a slab of which nothing is left
  place_->hang(true);
  sweep();
  driver_.free(blocks[7]);
  place_->hang(false);
  settle();
  EXPECT_EQ(place_->size(), 7U);
  EXPECT_EQ(where(blocks[0]), RunBytes::kOnDisk);
  EXPECT_TRUE(leaves(6));
  EXPECT_THAT(node_.faults(), IsEmpty());
  restore(blocks[8]);
  EXPECT_TRUE(is_all(told_.at(0).told.block, value_of(8), kSmall));
  holders_[told_.at(0).told.block] = {rpc::kNodeSlot};
  free_all({blocks[0], blocks[1], blocks[3], blocks[4], blocks[6], blocks[8]});
}

TEST_F(SpillingOfSlabs, WhatADeadProcessHadOnDiskIsFree) {
  const auto blocks = filled_small(18);
  driver_.hand_over(blocks[0], kWorker);
  holders_[blocks[0]] = {kWorker};
  spill_all();
  node_.sweep(kDriver);
  EXPECT_TRUE(leaves(1));
  EXPECT_EQ(where(blocks[0]), RunBytes::kOnDisk);
  restore(blocks[0], kWorker);
  EXPECT_TRUE(is_all(told_.at(0).told.block, value_of(0), kSmall));
  holders_[told_.at(0).told.block] = {rpc::kNodeSlot};
  node_.sweep(kWorker);
  free_all({});
}

TEST_F(SpillingOfSlabs, APartOfASlabIsNotLeftOnDisk) {
  const auto blocks = filled_small(18);
  place_->most_at_once = 5;
  spill_all();
  EXPECT_EQ(place_->size(), 0U);
  EXPECT_EQ(count_where(blocks, RunBytes::kInMemory), 18U);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("the disk has no room for all blocks of a slab")));
  place_->most_at_once = 12;
  now_ += 2000;
  spill_all();
  EXPECT_EQ(place_->size(), 9U);
  EXPECT_EQ(count_where(blocks, RunBytes::kOnDisk), 9U);
  spill_all();
  EXPECT_EQ(count_where(blocks, RunBytes::kOnDisk), 18U) << "where the round before ended";
  free_all(blocks);
}

TEST_F(SpillingOfSlabs, AWireAmongThemOrOneThatNobodyHoldsKeepsItsNeighbours) {
  const auto blocks = filled_small(27);
  wires_ = {blocks[4]};
  driver_.hand_over(blocks[13], objectstore::kNodeTag);  // the node is making or deleting it
  spill_all();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_EQ(where(blocks[i]), i < 18 ? RunBytes::kInMemory : RunBytes::kOnDisk) << i;
  }
  free_all(blocks);
}

// They take the addresses of whole slabs.
TEST_F(SpillingOfSlabs, SparseSlabsGoWhenNothingElseCan) {
  const auto blocks = filled_small(9 * 13);
  for (std::size_t i = 9; i < blocks.size(); ++i) {
    if (i % 9 > 3) driver_.free(blocks[i]);
  }
  ASSERT_GT(node_.filled(), 0.8);
  spilling_->keep_room();
  agree_to_all();
  sweep();
  settle();
  EXPECT_EQ(where(blocks[0]), RunBytes::kOnDisk);
  EXPECT_EQ(place_->size(), 9U);
  EXPECT_EQ(where(blocks[9]), RunBytes::kInMemory);
  EXPECT_EQ(where(blocks[18]), RunBytes::kInMemory);
  for (int i = 0; i < 2; ++i) wires_.insert(filled('w', kMiB));  // which must stay
  ASSERT_GT(node_.filled(), 0.8);
  spilling_->keep_room();
  EXPECT_FALSE(spilling_->spills());
  spill_all();
  EXPECT_EQ(where(blocks[9]), RunBytes::kOnDisk);
  EXPECT_EQ(where(blocks[18]), RunBytes::kOnDisk);
}

TEST_F(SpillingOfSlabs, SmallerBlocksStay) {
  for (int i = 0; i < 40; ++i) (void)filled('a', 50 << 10);
  EXPECT_FALSE(spilling_->make_room());
}

TEST_F(SpillingOfSlabs, CopiesThatNobodyReadsAreDropped) {
  const auto blocks = filled_small(99);
  spill_all();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    restore(blocks[i]);
    ASSERT_EQ(told_.at(0).told.outcome, RestoreTold::Outcome::kRestored);
    ASSERT_TRUE(is_all(told_.at(0).told.block, value_of(i), kSmall)) << i;
    holders_[told_.at(0).told.block] = {rpc::kNodeSlot};
  }
  EXPECT_EQ(node_.stats().used, 99 * kRoom);
  EXPECT_TRUE(spilling_->make_room());
  EXPECT_EQ(node_.stats().used, 0U);
  EXPECT_TRUE(driver_.allocate(16 * kMiB).ok());
}

// What stays on disk of each slab keeps the addresses of all of it.
TEST_F(SpillingOfSlabs, AddressesAreLeftForWhatIsRead) {
  std::vector<std::uint64_t> kept;
  bool possible = true;
  for (int i = 0; possible && i < 200; ++i) {
    const auto blocks = filled_small(9 * 8);
    now_ += 10'000;
    possible = spilling_->make_room();
    agree_to_all();
    sweep();
    settle();
    for (std::size_t n = 0; n < blocks.size(); ++n) {
      if (n % 9 == 0) {
        kept.push_back(blocks[n]);
      } else {
        driver_.free(blocks[n]);
      }
    }
  }
  EXPECT_FALSE(possible);
  EXPECT_THAT(warnings_, testing::Contains(HasSubstr("take all addresses")));
  EXPECT_GE(kept.size(), 80U);
  free_all(kept);
}

}  // namespace
}  // namespace manta::detail::node
