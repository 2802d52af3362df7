#include "memory_census.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../objectstore/arena_fixture.h"

namespace manta::detail::node {
namespace {

using objectstore::kMiB;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr rpc::Slot kDriver = 1;
constexpr rpc::Slot kWorker = 2;

class MemoryCensusTest : public testing::Test {
 protected:
  void begin(std::uint64_t most = 10) {
    census_.begin(most, [this](const MemoryReport& report) { reports_.push_back(report); });
  }
  void tell(rpc::Slot from, const std::vector<HeldBlock>& held, std::uint32_t last = 1,
            const std::string& runs = "") {
    census_.on(from, {.question = asked_[from], .last = last},
               encode(HeldBlocks{.runs = runs, .blocks = held}));
  }
  static std::vector<std::string> holders(const MemoryObject& object) {
    std::vector<std::string> all;
    for (const MemoryHolder& holder : object.holders) {
      for (const std::string& kind : holder.kinds) all.push_back(holder.process + ": " + kind);
    }
    return all;
  }

  objectstore::ArenaFixture fixture_{32 * kMiB};
  objectstore::Arena arena_ = fixture_.arena(kDriver);
  std::vector<rpc::Slot> processes_{kDriver, kWorker};
  std::map<rpc::Slot, std::uint64_t> asked_;
  std::map<std::uint64_t, std::vector<scheduler::ProcessSlot>> held_;
  std::set<std::uint64_t> copies_;
  MemoryCensus::RefsTo refs_;
  std::set<std::uint64_t> asked_for_refs_;
  std::int64_t now_ = 0;
  std::vector<MemoryReport> reports_;
  MemoryCensus census_{
      arena_,
      {.processes = [this] { return processes_; },
       .ask = [this](rpc::Slot to, const MemoryAsk& ask) { asked_[to] = ask.question; },
       .name_of = [](rpc::Slot slot) { return "p" + std::to_string(slot); },
       .holders_of = [this](std::uint64_t block) { return held_[block]; },
       .is_copy = [this](std::uint64_t block) { return copies_.contains(block); },
       .refs_to =
           [this](const std::set<std::uint64_t>& blocks) {
             asked_for_refs_ = blocks;
             return refs_;
           },
       .records = [] { return NodeRecords{.objects = 3, .blocks = 2, .actors = 1}; },
       .now_ms = [this] { return now_; }}};
};

TEST_F(MemoryCensusTest, WhoWantsNoObjectsWaitsForNobody) {
  (void)arena_.allocate(3 * kMiB);
  begin(0);
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_THAT(asked_, IsEmpty());
  EXPECT_EQ(reports_.front().used, 3 * kMiB);
  EXPECT_THAT(reports_.front().objects, IsEmpty());
  EXPECT_FALSE(census_.waiting());
}

TEST_F(MemoryCensusTest, PutsTogetherWhatTheProcessesSay) {
  const auto large = arena_.allocate(3 * kMiB)->offset;
  const auto small = arena_.allocate(1000)->offset;
  held_[large] = {rpc::kNodeSlot, kWorker};
  begin();
  tell(kDriver, {{.block = large, .object = "ab", .name = "weights", .values = 1, .arrays = 2}}, 0);
  tell(kDriver, {{.block = small, .calls = 1}});
  EXPECT_THAT(reports_, IsEmpty());
  tell(kWorker, {{.block = large, .values = 1, .borrowed = true}});
  ASSERT_EQ(reports_.size(), 1U);
  const MemoryReport& report = reports_.front();
  EXPECT_EQ(report.capacity, 32 * kMiB);
  EXPECT_EQ(report.blocks_in_all, 2U);
  EXPECT_EQ(report.records, (NodeRecords{.objects = 3, .blocks = 2, .actors = 1}));
  EXPECT_THAT(report.silent, IsEmpty());
  ASSERT_EQ(report.objects.size(), 2U);
  EXPECT_EQ(report.objects[0].name, "weights");
  EXPECT_EQ(report.objects[0].object, "ab");
  EXPECT_EQ(report.objects[0].size, 3 * kMiB);
  EXPECT_EQ(report.objects[0].owner, "p1");
  EXPECT_THAT(holders(report.objects[0]),
              ElementsAre("p1: ref", "p1: array", "p2: borrowed ref", "p0: inside an object"));
  EXPECT_THAT(holders(report.objects[1]), ElementsAre("p1: pending task"));
}

TEST_F(MemoryCensusTest, SaysWhatHoldersRun) {
  const auto block = arena_.allocate(kMiB)->offset;
  held_[block] = {rpc::kNodeSlot};
  begin();
  tell(kDriver, {{.block = block, .values = 1}});
  tell(kWorker, {{.block = block, .arrays = 1}}, 0);
  tell(kWorker, {}, 1, "f");
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_EQ(holders_text(reports_[0].objects.at(0)),
            "p1: ref; p2, which runs f: array; p0: inside an object");
  begin();
  tell(kDriver, {});
  tell(kWorker, {{.block = block, .arrays = 1}});
  ASSERT_EQ(reports_.size(), 2U);
  EXPECT_EQ(holders_text(reports_[1].objects.at(0)), "p2: array; p0: inside an object");
}

TEST_F(MemoryCensusTest, WhoHasARefThatItNeverGotIsAHolder) {
  const auto published = arena_.allocate(3 * kMiB)->offset;
  const auto copy = arena_.allocate(2 * kMiB)->offset;
  (void)arena_.allocate(kMiB);
  held_[published] = {rpc::kNodeSlot};
  held_[copy] = {rpc::kNodeSlot};
  copies_ = {copy};
  refs_[published] = {kDriver, kWorker, 3};
  begin();
  tell(kDriver, {{.block = published, .values = 1}});
  tell(kWorker, {{.block = published, .arrays = 1}});
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_THAT(holders(reports_[0].objects.at(0)),
              ElementsAre("p1: ref", "p2: borrowed ref", "p2: array", "p3: borrowed ref",
                          "p0: inside an object"));
  EXPECT_THAT(asked_for_refs_, ElementsAre(published)) << "objects are looked through for these";
}

TEST_F(MemoryCensusTest, SaysThatTheNodeKeepsACopy) {
  const auto block = arena_.allocate(kMiB)->offset;
  held_[block] = {rpc::kNodeSlot};
  copies_ = {block};
  arena_.set_copies(1);
  begin();
  tell(kDriver, {});
  tell(kWorker, {});
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_THAT(holders(reports_[0].objects.at(0)), ElementsAre("p0: read back from disk"));
  EXPECT_EQ(reports_[0].blocks_in_all, 1U) << "a row each";
}

TEST_F(MemoryCensusTest, NamesWhoDoesNotAnswerAndSaysWhatTheNodeKnows) {
  const auto block = arena_.allocate(kMiB)->offset;
  held_[block] = {kWorker};
  begin();
  tell(kDriver, {});
  now_ = 999;
  census_.look();
  EXPECT_THAT(reports_, IsEmpty());
  now_ = 1000;
  census_.look();
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_THAT(reports_[0].silent, ElementsAre("p2"));
  EXPECT_THAT(holders(reports_[0].objects.at(0)), ElementsAre("p2: borrowed ref"));
  tell(kWorker, {{.block = block, .values = 1}});  // too late
  EXPECT_EQ(reports_.size(), 1U);
}

TEST_F(MemoryCensusTest, AProcessThatDiesIsNotWaitedFor) {
  begin();
  tell(kDriver, {});
  census_.process_died(kWorker);
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_THAT(reports_[0].silent, IsEmpty());
}

TEST_F(MemoryCensusTest, WhoAsksMeanwhileGetsTheNextOne) {
  begin();
  tell(kDriver, {});
  begin(1);
  const auto first = arena_.allocate(kMiB)->offset;
  (void)arena_.allocate(2 * kMiB);
  tell(kWorker, {});
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_EQ(reports_[0].objects.size(), 2U);
  EXPECT_TRUE(census_.waiting());
  tell(kWorker, {});
  tell(kDriver, {});
  ASSERT_EQ(reports_.size(), 2U);
  EXPECT_EQ(reports_[1].objects.size(), 1U);
  EXPECT_EQ(reports_[1].objects[0].size, 2 * kMiB);
  EXPECT_EQ(reports_[1].blocks_in_all, 2U);
  EXPECT_FALSE(census_.waiting());
  arena_.free(first);
}

TEST_F(MemoryCensusTest, ASessionWithoutProcessesIsToldAtOnce) {
  processes_.clear();
  begin();
  EXPECT_EQ(reports_.size(), 1U);
}

}  // namespace
}  // namespace manta::detail::node
