#include "lease_table.h"

#include <string>

#include <gtest/gtest.h>

namespace manta::scheduler {
namespace {

constexpr OwnerKey kA{.owner = 1, .key = 1};
constexpr OwnerKey kB{.owner = 2, .key = 1};
constexpr OwnerKey kA2{.owner = 1, .key = 2};

std::optional<OwnerKey> next(const LeaseTable& table) {
  const auto turns = table.grantable(1);
  return turns.empty() ? std::nullopt : std::optional(turns.front().who);
}

// One that can be granted, but perhaps not the next.
LeaseId grant(LeaseTable& table, OwnerKey who) {
  for (const auto& turn : table.grantable(SIZE_MAX)) {
    if (turn.who == who) return table.grant(turn);
  }
  ADD_FAILURE() << "owner " << who.owner << " cannot be granted its key " << who.key;
  return 0;
}

// Owners in the order in which they are granted what they want, as letters.
std::string grant_all(LeaseTable& table) {
  std::string order;
  for (auto turns = table.grantable(1); !turns.empty(); turns = table.grantable(1)) {
    const OwnerId owner = turns.front().who.owner;
    table.grant(turns.front());
    order += owner == 1 ? 'A' : owner == 2 ? 'B' : 'x';
  }
  return order;
}

using Shortage = LeaseTable::Shortage;

TEST(LeaseTable, OwnersTakeTurns) {
  LeaseTable table(ResourceSet::cpus(6));
  table.want(kA, 10, ResourceSet::cpus(1));
  table.want(kB, 2, ResourceSet::cpus(1));
  EXPECT_EQ(grant_all(table), "ABABAA");
  EXPECT_EQ(table.waiting(), 6U);
}

LeaseTable::Request one_cpu(JobNumber job) { return {ResourceSet::cpus(1), {}, job}; }

TEST(LeaseTable, JobsTakeTurnsHoweverManyOwnersTheyHave) {
  LeaseTable table(ResourceSet::cpus(6));
  for (OwnerId owner = 3; owner < 8; ++owner) table.want({.owner = owner}, 10, one_cpu(7));
  table.want(kA, 10, one_cpu(8));
  EXPECT_EQ(grant_all(table), "xAxAxA");
}

TEST(LeaseTable, TheJobThatRunsFewestTasksIsNext) {
  LeaseTable table(ResourceSet::cpus(6));
  table.want(kA, 3, one_cpu(1));
  EXPECT_EQ(grant_all(table), "AAA");
  table.want(kA, 9, one_cpu(1));
  table.want(kB, 9, one_cpu(2));
  EXPECT_EQ(grant_all(table), "BBB");
}

TEST(LeaseTable, ActorsAndBlockedTasksDoNotCostAJobItsTurn) {
  LeaseTable table(ResourceSet::cpus(4));
  const OwnerKey actor{.owner = kFirstActor};
  table.want(kB, 1, one_cpu(2));
  table.want(actor, 1, one_cpu(2));
  EXPECT_EQ(grant_all(table), "Bx");
  table.blocked(1);
  EXPECT_EQ(table.running(), 1U);
  const OwnerKey child{.owner = 3};
  table.want(child, 1, one_cpu(2));  // of the blocked task
  table.want(kA, 9, one_cpu(1));
  EXPECT_EQ(grant_all(table), "xAA") << "both jobs ran nothing";
  table.want(child, 9, one_cpu(2));
  EXPECT_EQ(table.recalls(Shortage::kResources), std::vector<OwnerKey>())
      << "the first has two, the second one: nobody gains";
}

TEST(LeaseTable, AJobWithABacklogGivesBackToOneThatRunsNothing) {
  LeaseTable table(ResourceSet::cpus(4));
  for (OwnerId owner = 3; owner < 7; ++owner) table.want({.owner = owner}, 9, one_cpu(1));
  EXPECT_EQ(grant_all(table), "xxxx") << "one of each owner";
  table.want(kA, 9, one_cpu(2));
  const auto recalled = table.recalls(Shortage::kResources);
  ASSERT_EQ(recalled.size(), 2U) << "half of the node, though each owner has but one";
  for (const OwnerKey& who : recalled) table.end(static_cast<LeaseId>(who.owner - 2));
  EXPECT_EQ(grant_all(table), "AA");
  for (const OwnerKey& who : table.recalls(Shortage::kResources)) {
    EXPECT_NE(who, kA) << "it has no more than its half";
  }
}

TEST(LeaseTable, OwnersOfOneJobShareWhatTheirJobHas) {
  LeaseTable table(ResourceSet::cpus(4));
  table.want(kB, 2, one_cpu(1));
  EXPECT_EQ(grant_all(table), "BB");
  table.want({.owner = 3}, 2, one_cpu(2));
  EXPECT_EQ(grant_all(table), "xx");
  table.want(kB, 9, one_cpu(1));
  table.want({.owner = 3}, 9, one_cpu(2));
  table.want(kA, 1, one_cpu(1));
  EXPECT_EQ(table.recalls(Shortage::kResources), std::vector{kB})
      << "the other job has no more than its half";
}

TEST(LeaseTable, WhoHasMoreGetsOneBeyondWhatItAsksForWhenNobodyElseCanRun) {
  LeaseTable table(ResourceSet::cpus(1));
  using More = LeaseTable::More;
  table.want(kA, 1, ResourceSet::cpus(1), More::kYes);
  table.want(kB, 1, ResourceSet::cpus(1));
  EXPECT_EQ(grant_all(table), "A");
  EXPECT_TRUE(table.grantable(9).empty());
  table.blocked(1);
  EXPECT_EQ(grant_all(table), "B") << "who asks goes first";
  EXPECT_TRUE(table.anybody_has_more());
  table.blocked(2);
  EXPECT_EQ(table.grantable(9).size(), 1U);
  EXPECT_EQ(grant_all(table), "A");
  EXPECT_FALSE(table.anybody_has_more()) << "one grant is one lease";
  table.blocked(3);
  EXPECT_EQ(grant_all(table), "");
}

TEST(LeaseTable, WhoHasMoreIsRefusedAndForgottenWithTheOthers) {
  LeaseTable table(ResourceSet::cpus(1));
  table.want(kA, 0, ResourceSet::cpus(1), LeaseTable::More::kYes);
  EXPECT_EQ(table.refuse_waiting(), std::vector{kA});
  EXPECT_FALSE(table.anybody_has_more());
  EXPECT_FALSE(table.has_business(kA.owner));
  table.want(kA, 0, ResourceSet::cpus(1), LeaseTable::More::kYes);
  table.forget(kA.owner);
  EXPECT_EQ(grant_all(table), "");
}

TEST(LeaseTable, ARequestThatCanNeverFitIsRefusedByName) {
  LeaseTable table(ResourceSet::cpus(2));
  ResourceSet request = ResourceSet::cpus(1);
  request.set("GPU", 1);
  const auto refusal = table.want(kA, 1, request);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_NE(refusal->find("GPU 1 is asked for, the node has 0"), std::string::npos) << *refusal;
  EXPECT_EQ(table.waiting(), 0U);
}

TEST(LeaseTable, NamesWhatIsShortAndNotLent) {
  ResourceSet total = ResourceSet::cpus(1);
  total.set("slot", 2);
  LeaseTable table(total);
  ResourceSet request = ResourceSet::cpus(1);
  request.set("slot", 1.5);
  EXPECT_EQ(table.shortage_of(kA), "") << "it wants nothing";
  table.want(kA, 1, request);
  EXPECT_EQ(table.shortage_of(kA), "") << "it can have it";
  EXPECT_EQ(grant_all(table), "A");
  EXPECT_EQ(table.shortage_of(kA), "");
  table.want(kA, 1, request);
  EXPECT_EQ(table.shortage_of(kA), "slot");
  table.want(kB, 1, ResourceSet::cpus(1));
  EXPECT_EQ(table.shortage_of(kB), "") << "a CPU is lent";
  table.end(1);
  EXPECT_EQ(table.shortage_of(kA), "");
}

TEST(LeaseTable, ALargeRequestIsNotStarvedBySmallOnes) {
  LeaseTable table(ResourceSet::cpus(4));
  table.want(kB, 4, ResourceSet::cpus(1));
  const LeaseId first = grant(table, kB);
  table.want(kA, 1, ResourceSet::cpus(4));  // behind B's others
  table.want(kB, 0, {});
  table.want(kB, 9, ResourceSet::cpus(1));  // behind A now
  EXPECT_EQ(grant_all(table), "");
  table.end(first);
  EXPECT_EQ(grant_all(table), "A");
}

// The one that holds it may wait for one behind the request.
TEST(LeaseTable, WhoWaitsForWhatABlockedTaskHoldsKeepsNothing) {
  ResourceSet total = ResourceSet::cpus(1);
  total.set("seat", 1);
  LeaseTable table(total);
  ResourceSet seat = total;
  table.want(kA, 2, seat);
  EXPECT_EQ(grant_all(table), "A");
  table.want(kB, 1, ResourceSet::cpus(1));
  EXPECT_EQ(grant_all(table), "") << "it ends by itself, and the other is first";
  table.blocked(1);
  EXPECT_EQ(grant_all(table), "B");
  table.end(2);
  table.unblocked(1);
  table.want(kB, 1, ResourceSet::cpus(1));
  table.end(1);
  EXPECT_EQ(grant_all(table), "A");
}

TEST(LeaseTable, WhatALargeRequestDoesNotNeedGoesOn) {
  ResourceSet total = ResourceSet::cpus(4);
  total.set("GPU", 1);
  LeaseTable table(total);
  ResourceSet gpu = ResourceSet::cpus(1);
  gpu.set("GPU", 1);
  table.want(kA, 2, gpu);
  EXPECT_EQ(grant_all(table), "A");  // the second waits for the GPU
  table.want(kB, 5, ResourceSet::cpus(1));
  EXPECT_EQ(grant_all(table), "BB");  // one CPU is kept for it
}

TEST(LeaseTable, ABlockedLeaseLendsItsCpusOnly) {
  ResourceSet total = ResourceSet::cpus(1);
  total.set("GPU", 1);
  LeaseTable table(total);
  ResourceSet request = total;
  table.want(kA, 1, request);
  const LeaseId lease = grant(table, kA);
  EXPECT_EQ(table.taken(lease).text(), request.text());
  table.blocked(lease);
  table.blocked(lease);  // said twice
  EXPECT_EQ(table.running(), 0U);
  EXPECT_EQ(table.taken(lease).text(), "GPU 1");
  table.want(kB, 1, ResourceSet::cpus(1));
  const auto nested = next(table);
  ASSERT_EQ(nested, kB);
  const LeaseId inner = grant(table, kB);
  table.unblocked(lease);
  EXPECT_EQ(table.free().amount(kCpu), -1);  // oversubscribed for a while
  EXPECT_EQ(table.free().amount("GPU"), 0);
  table.end(inner);
  table.end(lease);
  EXPECT_EQ(table.free(), total);
}

TEST(LeaseTable, EndingABlockedLeaseGivesEverythingBackOnce) {
  LeaseTable table(ResourceSet::cpus(2));
  table.want(kA, 1, ResourceSet::cpus(2));
  const LeaseId lease = grant(table, kA);
  table.blocked(lease);
  table.end(lease);
  table.end(lease);
  EXPECT_EQ(table.free(), ResourceSet::cpus(2));
}

TEST(LeaseTable, RecallsFromWhomItIsFair) {
  struct Case {
    const char* what;
    std::uint64_t a_holds, a_wants, b_holds, b_wants;
    std::string recalled;
  };
  const Case cases[] = {
      {"an owner that wants nothing more", 2, 0, 0, 1, "A"},
      {"twice when two wait", 2, 0, 0, 2, "AA"},
      {"not more than it holds", 2, 0, 0, 5, "AA"},
      {"the one that has more although it wants more", 4, 3, 0, 1, "A"},
      {"nobody when the difference is one", 2, 1, 1, 1, ""},
      {"nobody when none waits", 2, 0, 2, 0, ""},
  };
  for (const Case& c : cases) {
    LeaseTable table(ResourceSet::cpus(static_cast<double>(c.a_holds + c.b_holds)));
    table.want(kA, c.a_holds, ResourceSet::cpus(1));
    table.want(kB, c.b_holds, ResourceSet::cpus(1));
    grant_all(table);
    table.want(kA, c.a_wants, ResourceSet::cpus(1));
    table.want(kB, c.b_wants, ResourceSet::cpus(1));
    std::string recalled;
    for (const OwnerKey& who : table.recalls(Shortage::kResources)) {
      recalled += who.owner == 1 ? 'A' : 'B';
    }
    EXPECT_EQ(recalled, c.recalled) << c.what;
    EXPECT_TRUE(table.recalls(Shortage::kResources).empty()) << "asked for once: " << c.what;
  }
}

TEST(LeaseTable, ARecalledLeaseThatLendsIsNotWaitedFor) {
  constexpr OwnerKey kC{.owner = 3, .key = 1};
  LeaseTable table(ResourceSet::cpus(1));
  table.want(kA, 1, ResourceSet::cpus(1));
  const LeaseId blocked = grant(table, kA);
  table.want(kB, 1, ResourceSet::cpus(1));
  EXPECT_EQ(table.recalls(Shortage::kResources), std::vector<OwnerKey>{kA});
  table.blocked(blocked);  // A's task waits, and may wait for what C wants
  grant(table, kB);
  table.want(kC, 1, ResourceSet::cpus(1));
  EXPECT_EQ(table.recalls(Shortage::kResources), std::vector<OwnerKey>{kB});
}

TEST(LeaseTable, RecallsAnotherKeyOfTheSameOwner) {
  LeaseTable table(ResourceSet::cpus(1));
  table.want(kA, 1, ResourceSet::cpus(1));
  const LeaseId idle = grant(table, kA);
  table.want(kA2, 1, ResourceSet::cpus(0.5));
  EXPECT_EQ(table.recalls(Shortage::kResources), std::vector<OwnerKey>{kA});
  table.end(idle);
  EXPECT_EQ(next(table), kA2);
}

TEST(LeaseTable, DoesNotRecallWhatWouldNotHelp) {
  ResourceSet total = ResourceSet::cpus(2);
  total.set("GPU", 1);
  LeaseTable table(total);
  ResourceSet gpu;
  gpu.set("GPU", 1);
  table.want(kB, 1, gpu);
  grant(table, kB);
  table.want(kA, 1, ResourceSet::cpus(1));
  grant(table, kA);
  table.want({.owner = 3, .key = 1}, 1, gpu);
  EXPECT_EQ(table.recalls(Shortage::kResources), std::vector<OwnerKey>{kB});
}

TEST(LeaseTable, ActorsKeepTheirs) {
  LeaseTable table(ResourceSet::cpus(1));
  const OwnerKey actor{.owner = kFirstActor + 5, .key = 0};
  table.want(actor, 1, ResourceSet::cpus(1));
  grant(table, actor);
  table.want(kA, 1, ResourceSet::cpus(1));
  EXPECT_TRUE(table.recalls(Shortage::kResources).empty());
}

TEST(LeaseTable, RecallsIdleOnesWhenWorkersAreShort) {
  LeaseTable table(ResourceSet::cpus(100));
  table.want(kA, 1, ResourceSet::cpus(1));
  grant(table, kA);
  table.want(kB, 1, ResourceSet::cpus(1));
  EXPECT_TRUE(table.recalls(Shortage::kResources).empty());
  EXPECT_EQ(table.recalls(Shortage::kWorkers), std::vector<OwnerKey>{kA});
}

TEST(LeaseTable, ForgetsWhatADeadOwnerWanted) {
  LeaseTable table(ResourceSet::cpus(1));
  table.want(kA, 1, ResourceSet::cpus(1));
  const LeaseId lease = grant(table, kA);
  table.want(kA, 5, ResourceSet::cpus(1));
  table.forget(1);
  EXPECT_EQ(table.waiting(), 0U);
  table.end(lease);
  EXPECT_FALSE(table.has_business(1));
  EXPECT_EQ(table.free(), table.total());
}

TEST(LeaseTable, KnowsWhatItCouldGrantInTurn) {
  LeaseTable table(ResourceSet::cpus(4));
  table.want(kA, 3, ResourceSet::cpus(1));
  table.want(kB, 3, ResourceSet::cpus(1.5));
  EXPECT_EQ(table.grantable(64), (std::vector<LeaseTable::Grantable>{{kA}, {kB}, {kA}}));
  EXPECT_EQ(table.grantable(2), (std::vector<LeaseTable::Grantable>{{kA}, {kB}}));
  EXPECT_EQ(table.request_of(kB).resources.amount(kCpu), 1.5);
}

TEST(LeaseTable, NLeasesOfOneNthFillOne) {
  for (const std::uint64_t n : {1U, 3U, 7U, 49U, 1000U}) {
    LeaseTable table(ResourceSet::cpus(1));
    const auto request = ResourceSet::cpus(1.0 / static_cast<double>(n));
    EXPECT_FALSE(table.want(kA, n + 1, request));
    std::uint64_t granted = 0;
    for (; next(table) && granted <= n; ++granted) grant(table, kA);
    EXPECT_EQ(granted, n);
    EXPECT_EQ(table.free().amount(kCpu), 0);
  }
}

TEST(LeaseTable, NoKeyOfAnOwnerStarvesAnotherOfIt) {
  LeaseTable table(ResourceSet::cpus(2));
  table.want(kA, 2, ResourceSet::cpus(1));
  grant(table, kA);
  table.want(kA2, 1, ResourceSet::cpus(2));  // behind the second of the other key
  const LeaseId second = grant(table, kA);
  table.want(kA, 5, ResourceSet::cpus(1));  // for ever
  EXPECT_EQ(table.recalls(Shortage::kResources), (std::vector{kA}));
  table.end(second);
  EXPECT_EQ(next(table), std::nullopt) << "what the larger one needs is kept for it";
  EXPECT_EQ(table.recalls(Shortage::kResources), (std::vector{kA}));
  table.end(1);
  EXPECT_EQ(next(table), kA2);
  grant(table, kA2);
  EXPECT_EQ(table.recalls(Shortage::kResources), (std::vector{kA2})) << "and then the other way";
}

TEST(LeaseTable, GpusAreGrantedByNumber) {
  ResourceSet total = ResourceSet::cpus(4), whole, half;
  total.set(kGpu, 2);
  whole.set(kGpu, 1);
  half.set(kGpu, 0.5);
  LeaseTable table(total);
  table.want(kA, 2, half);
  table.want(kB, 2, whole);
  const auto turns = table.grantable(9);
  ASSERT_EQ(turns.size(), 3U);
  EXPECT_EQ(turns[0].gpus, Gpus{0});
  EXPECT_EQ(turns[1].gpus, Gpus{1});
  EXPECT_EQ(turns[2].gpus, Gpus{0});
  const LeaseId b = table.grant(turns[1]);
  EXPECT_EQ(table.grantable(1), (std::vector<LeaseTable::Grantable>{{kA, {0}}}));
  table.blocked(b);
  EXPECT_EQ(table.free().amount(kGpu), 1) << "it keeps them while it waits";
  table.end(b);
  EXPECT_EQ(table.free(), total);
}

}  // namespace
}  // namespace manta::scheduler
