// Which waits are a deadlock, and which only look like one.
#include "waits.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace manta::detail::node {
namespace {

// A session of processes 1 and 2, in each of which an actor runs call 5 of its caller's lane: lane 10 goes from 1 to 2,
// lane 20 from 2 to 1, lanes 31 and 32 come from a driver, 3.
class WaitsTest : public ::testing::Test {
 protected:
  WaitsTest() {
    lanes_ = {{10, {.caller = 1, .callee = 2, .kind = LaneKind::kActor, .opened = 1}},
              {20, {.caller = 2, .callee = 1, .kind = LaneKind::kActor, .opened = 2}},
              {31, {.caller = 3, .callee = 1, .kind = LaneKind::kActor, .opened = 3}},
              {32, {.caller = 3, .callee = 2, .kind = LaneKind::kActor, .opened = 4}}};
    started_ = {{10, 5}, {20, 5}, {31, 5}, {32, 5}};
  }

  static Need call(std::uint32_t lane, std::uint64_t sequence) {
    return {.lane = lane, .sequence = sequence, .name = "call"};
  }
  static Need lease(std::uint32_t key) {
    return {.kind = Need::Kind::kLease, .lane = key, .name = "task"};
  }
  // By default one of the objects ends the wait.
  void waits(rpc::Slot process, std::uint32_t lane, std::uint64_t sequence, Need need,
             const std::vector<std::uint32_t>& objects = {0}, bool deadline = false,
             bool holds_up = true, std::optional<std::size_t> spare = {}) {
    const WaitRecord record{.waiter = "waiter " + std::to_string(process),
                            .lane = lane,
                            .sequence = sequence,
                            .holds_up = holds_up,
                            .objects = objects,
                            .spare = static_cast<std::uint32_t>(
                                spare.value_or(objects.empty() ? 0 : objects.size() - 1)),
                            .deadline = deadline,
                            .needs = {std::move(need)}};
    const std::uint64_t number = ++numbers_[process];
    if (number > 1) table_.on(process, WaitOver{.wait = number - 1});
    table_.on(process, WaitBegun{.wait = number}, encode(record));
  }
  // What process 3 is told of a call for which it has said "f runs" itself.
  std::string why(Need need) {
    table_.on(3, WhyAsk{.question = 1}, encode(WhyStep{.text = "f runs", .next = std::move(need)}));
    return last_text_;
  }
  // The waits that were refused, by process.
  std::vector<rpc::Slot> refused() const {
    std::vector<rpc::Slot> slots;
    for (const auto& [to, message] : sent_) {
      if (std::holds_alternative<WaitRefused>(message)) slots.push_back(to);
    }
    return slots;
  }

  using Slots = std::vector<rpc::Slot>;
  std::map<std::uint32_t, LaneRecord> lanes_;
  std::map<std::uint32_t, std::uint64_t> started_;
  std::map<ActorId, rpc::Slot> constructed_at_;
  std::map<std::pair<rpc::Slot, std::uint32_t>, Leasing::Shortage> shortages_;
  std::map<ActorId, Leasing::Shortage> shortages_of_actors_;
  std::map<ObjectId, rpc::Slot> makers_;
  std::vector<std::pair<rpc::Slot, Waits::Told>> sent_;
  std::string last_text_;
  std::map<rpc::Slot, std::uint64_t> numbers_;
  Waits table_{{.lane =
                    [this](std::uint32_t lane) {
                      const auto found = lanes_.find(lane);
                      return found == lanes_.end() ? nullptr : &found->second;
                    },
                .started = [this](std::uint32_t lane) { return started_[lane]; },
                .constructed_at = [this](ActorId id) -> std::optional<rpc::Slot> {
                  if (!constructed_at_.contains(id)) return std::nullopt;
                  return constructed_at_[id];
                },
                .shortage =
                    [this](rpc::Slot owner, const Need& lease) {
                      return shortages_[{owner, lease.lane}];
                    },
                .shortage_of_actor = [this](ActorId id) { return shortages_of_actors_[id]; },
                .maker_of = [this](ObjectId id) -> std::optional<rpc::Slot> {
                  if (!makers_.contains(id)) return std::nullopt;
                  return makers_[id];
                },
                .size_of = [](std::uint64_t block) { return std::size_t{4096} + block; },
                .pid = [](rpc::Slot slot) { return 100 + slot; },
                .now_ms = [] { return std::int64_t{5000}; },
                .send =
                    [this](rpc::Slot to, const Waits::Told& message, std::string_view text) {
                      sent_.emplace_back(to, message);
                      last_text_ = text;
                    }}};
};

TEST_F(WaitsTest, TheLastOfACycleIsRefused) {
  waits(1, 31, 5, call(10, 5));
  EXPECT_EQ(refused(), Slots{});
  waits(2, 10, 5, call(20, 6));  // 6 is behind 5, which process 1 answered, and its call of lane 31
  EXPECT_EQ(refused(), Slots{2});
}

TEST_F(WaitsTest, OneThatWaitsForItselfIsRefusedEvenWithADeadline) {
  lanes_[40] = {.caller = 1, .callee = 1, .kind = LaneKind::kActor, .opened = 9};
  started_[40] = 2;
  waits(1, 31, 5, call(40, 3), {0}, true);
  EXPECT_EQ(refused(), Slots{1});
}

TEST_F(WaitsTest, WhoHoldsWhatItsTaskLacksIsRefused) {
  waits(1, 31, 5, lease(7));
  EXPECT_EQ(refused(), Slots{});  // nothing is short
  shortages_[{1, 7}] = {.resource = "slot", .holders = {1}};
  waits(1, 31, 5, lease(8));
  EXPECT_EQ(refused(), Slots{});
  waits(1, 31, 5, lease(7));
  EXPECT_EQ(refused(), Slots{1});
}

TEST_F(WaitsTest, AllThatHoldItMustBeStuck) {
  shortages_[{1, 7}] = {.resource = "slot", .holders = {1, 2}};
  waits(1, 31, 5, lease(7));
  EXPECT_EQ(refused(), Slots{});  // process 2 runs
  waits(2, 32, 5, call(99, 1));
  EXPECT_EQ(refused(), Slots{});  // it waits for something that may come
  waits(2, 10, 5, call(20, 6));
  EXPECT_EQ(refused(), Slots{2});  // now it waits for process 1
}

TEST_F(WaitsTest, WhoHoldsWhatAnActorLacksIsRefused) {
  const ActorId actor(1, 2);
  shortages_of_actors_[actor] = {.resource = "slot", .holders = {1}};
  waits(1, 31, 5, {.kind = Need::Kind::kConstructor, .hi = 1, .lo = 2, .name = "actor"});
  EXPECT_EQ(refused(), Slots{1});
}

TEST_F(WaitsTest, WhatWasAnsweredIsNoReason) {
  waits(1, 31, 5, call(10, 4));  // process 2 has begun 5 since
  waits(2, 10, 5, call(20, 6));
  EXPECT_EQ(refused(), Slots{});
}

TEST_F(WaitsTest, WhatHasBegunInAnotherLaneWasAnswered) {
  waits(1, 31, 5, call(10, 5));
  waits(2, 32, 5, call(20, 6));  // runs a call of the driver: number 5 of lane 10 is over
  EXPECT_EQ(refused(), Slots{});
}

TEST_F(WaitsTest, AWaitThatSomethingElseMayEndIsNone) {
  waits(1, 31, 5, call(10, 5));
  waits(2, 10, 5, call(20, 6), {});  // one of very many objects
  EXPECT_EQ(refused(), Slots{});
  waits(2, 10, 5, call(20, 6), {0, 1});  // another object
  EXPECT_EQ(refused(), Slots{});
  waits(2, 10, 5, call(20, 6), {0}, true);  // a deadline
  EXPECT_EQ(refused(), Slots{});
  waits(2, 10, 5, call(20, 6), {0}, false, false);  // a thread beside the executor's
  EXPECT_EQ(refused(), Slots{});
  waits(2, 10, 5, call(20, 6));
  EXPECT_EQ(refused(), Slots{2});
}

TEST_F(WaitsTest, AllButThoseToSpareMustBeDone) {
  waits(1, 31, 5, call(10, 5));
  waits(2, 10, 5, call(20, 6), {0, 1, 2}, false, true, 1);
  EXPECT_EQ(refused(), Slots{});
  waits(2, 10, 5, call(20, 6), {0, 1, 2}, false, true, 0);
  EXPECT_EQ(refused(), Slots{2});
}

TEST_F(WaitsTest, AWaitThatIsOverIsNone) {
  waits(1, 31, 5, call(10, 5));
  table_.on(1, WaitOver{.wait = 1});
  waits(2, 10, 5, call(20, 6));
  EXPECT_EQ(refused(), Slots{});
}

TEST_F(WaitsTest, ADeadProcessWaitsForNothing) {
  waits(1, 31, 5, call(10, 5));
  table_.process_died(1);
  waits(2, 10, 5, call(20, 6));
  EXPECT_EQ(refused(), Slots{});
}

TEST_F(WaitsTest, ALaneThatIsUsedAgainIsAnother) {
  waits(1, 31, 5, call(10, 5));
  lanes_[10].opened = 7;
  waits(2, 10, 5, call(20, 6));
  EXPECT_EQ(refused(), Slots{});
}

TEST_F(WaitsTest, OfTasksOnlyTheOneThatRunsCounts) {
  lanes_[10].kind = LaneKind::kTask;
  waits(1, 31, 5, call(10, 6));
  waits(2, 10, 5, call(20, 6));
  EXPECT_EQ(refused(), Slots{});  // 6 may be given back, and run elsewhere
  waits(1, 31, 5, call(10, 5));
  EXPECT_EQ(refused(), Slots{1});
}

TEST_F(WaitsTest, ACallThatMayHaveBeenSentIsNoReason) {
  const ActorId actor(7, 7);
  const Need unsent{.kind = Need::Kind::kConstructor, .hi = 7, .lo = 7, .name = "call"};
  waits(1, 31, 5, unsent);
  waits(2, 0, 0, call(20, 6));
  EXPECT_EQ(refused(), Slots{});
  constructed_at_[actor] = 2;
  waits(1, 31, 5, unsent);
  EXPECT_EQ(refused(), Slots{1});
}

TEST_F(WaitsTest, OneThatIsRefusedLetsTheOthersGoOn) {
  waits(1, 31, 5, call(10, 5));
  waits(2, 10, 5, call(20, 6));
  ASSERT_EQ(refused(), Slots{2});
  waits(1, 31, 5, call(10, 6));  // told anew before process 2 has said that its wait is over
  EXPECT_EQ(refused(), Slots{2});
}

TEST_F(WaitsTest, AlternativesThatAreAllStuckAreADeadlock) {
  lanes_[11] = {.caller = 1, .callee = 3, .kind = LaneKind::kActor, .opened = 8};
  lanes_[21] = {.caller = 3, .callee = 1, .kind = LaneKind::kActor, .opened = 9};
  started_[11] = 1;
  Need other = call(11, 1);
  other.object = 1;
  const WaitRecord either{.waiter = "waiter 1",
                          .lane = 31,
                          .sequence = 5,
                          .holds_up = true,
                          .ends = WaitRecord::Ends::kSomeDone,
                          .objects = {0, 1},
                          .spare = 1,
                          .needs = {call(10, 5), other}};
  table_.on(1, WaitBegun{.wait = 1}, encode(either));
  waits(2, 10, 5, call(20, 6));
  EXPECT_EQ(refused(), Slots{});  // process 3 does not wait
  waits(3, 11, 1, call(21, 1));
  EXPECT_EQ(refused(), Slots{3});
}

TEST_F(WaitsTest, AnObjectsMakerIsAskedWhatItNeeds) {
  const ObjectId object(8, 8);
  makers_[object] = 1;
  waits(1, 31, 5, call(10, 5));
  waits(2, 10, 5, {.kind = Need::Kind::kObject, .hi = 8, .lo = 8, .name = "an object"});
  ASSERT_EQ(sent_.size(), 1U);
  EXPECT_EQ(sent_[0].first, 1);
  const auto& question = std::get<NeedsAsk>(sent_[0].second);
  EXPECT_EQ(question.object, object);
  lanes_[21] = {.caller = 1, .callee = 1, .kind = LaneKind::kActor, .opened = 8};
  table_.on(
      1, NeedsTold{.wait = question.wait, .number = question.number, .waiting = question.waiting},
      encode(std::vector{call(21, 1)}));
  EXPECT_EQ(refused(), Slots{2});
}

TEST_F(WaitsTest, WhoWaitsForTheStoreSaysSoUntilItIsAnswered) {
  EXPECT_EQ(why(call(31, 5)), "f runs");
  table_.on(1, RoomAsk{.question = 7, .size = 100, .since = 2900}, "call");
  EXPECT_EQ(why(call(31, 5)),
            "f runs, where it waits for room for 100 bytes in the object store, since 2.1 s");
  table_.answered(1, 7);
  EXPECT_EQ(why(call(31, 5)), "f runs");
  table_.on(1, RestoreAsk{.question = 8, .block = 4, .object = ObjectId(1, 2)}, "other");
  EXPECT_EQ(why(call(31, 5)), "f runs, where other waits for object " + ObjectId(1, 2).hex() +
                                  " to be read back from disk (4100 bytes), since 0.0 s");
  table_.process_died(1);
  EXPECT_EQ(why(call(31, 5)), "f runs");
}

TEST_F(WaitsTest, FromCallToCallToTheStore) {
  waits(1, 31, 5, call(10, 5));
  table_.on(2, RoomAsk{.question = 7, .size = 100, .since = 5000}, "g");
  EXPECT_EQ(why(call(31, 5)),
            "f runs, where waiter 1 waits for call in process 102, where g waits for room for 100 "
            "bytes in the object store, since 0.0 s");
  const Need in_place{.kind = Need::Kind::kInPlace, .lane = 2, .name = "g"};
  EXPECT_EQ(why(in_place),
            "f runs, where it waits for room for 100 bytes in the object store, since 0.0 s");
}

// It ends by itself, and a wait for a call is not longer because of it.
TEST_F(WaitsTest, AWaitForTheStoreIsNoPartOfACycle) {
  waits(1, 31, 5, call(10, 5));
  table_.on(2, RoomAsk{.question = 1, .size = 100}, "g");
  EXPECT_EQ(refused(), Slots{});
  table_.on(2, WaitOver{.wait = 1});
  EXPECT_NE(why(call(10, 5)), "f runs") << "its number is not that of a question";
  waits(2, 10, 5, call(20, 6));
  EXPECT_EQ(refused(), Slots{2});
}

// Of kinds that only why() and the node use.
TEST_F(WaitsTest, ANeedThatAProcessCannotHaveIsNone) {
  waits(1, 31, 5, {.kind = Need::Kind::kInPlace, .lane = 60'000, .name = "x"});
  waits(2, 31, 5, {.kind = Need::Kind::kStore, .name = "x"});
  EXPECT_EQ(refused(), Slots{});
  EXPECT_EQ(why(call(31, 5)), "f runs");
  EXPECT_EQ(why({.kind = Need::Kind::kInPlace, .lane = 60'000, .name = "x"}), "f runs");
}

TEST_F(WaitsTest, ATextThatCannotBeReadIsNothing) {
  const std::vector<std::byte> bytes(24, std::byte{0xff});
  table_.on(1, WaitBegun{.wait = 1}, bytes);
  table_.on(1, NeedsTold{.wait = 1}, bytes);
  table_.on(1, WhyAsk{.question = 1}, bytes);
  table_.on(1, WhyContinue{.question = 1}, bytes);
  EXPECT_TRUE(sent_.empty());
}

}  // namespace
}  // namespace manta::detail::node
