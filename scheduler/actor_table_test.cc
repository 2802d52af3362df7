#include "actor_table.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace manta::scheduler {
namespace {

using Bytes = ActorTable::Bytes;

const ActorId kActor(0, 1);
constexpr ProcessSlot kDriver = 1, kWorker = 2, kOther = 3;

Bytes bytes(const std::string& text) {
  const auto* data = reinterpret_cast<const std::byte*>(text.data());
  return {data, data + text.size()};
}

// What the node has to do, as words: "announce 1, connect 3".
std::string done(ActorTable& table) {
  static const char* const kNames[] = {"announce", "connect", "end", "kill", "withdraw"};
  std::string text;
  for (const ActorStep& step : std::exchange(table.steps(), {})) {
    text += (text.empty() ? "" : ", ") + std::string(kNames[static_cast<int>(step.kind)]);
    if (step.process != 0) text += " " + std::to_string(step.process);
  }
  return text;
}

void settle_all(ActorTable& table) {
  for (const ActorId id : table.take_unsettled()) table.settle(id, bytes("unknown"));
}

ActorPhase phase(const ActorTable& table) { return table.find(kActor)->phase; }

ActorTable alive_actor() {
  ActorTable table;
  table.create(kActor, kDriver);
  table.assign(kActor, kWorker);
  table.alive(kActor);
  done(table);
  return table;
}

TEST(ActorTable, LivesAndEndsAfterItsLastHandle) {
  ActorTable table;
  EXPECT_TRUE(table.create(kActor, kDriver));
  table.connect(kActor, kDriver);
  EXPECT_EQ(done(table), "announce 1");
  table.assign(kActor, kWorker);
  EXPECT_EQ(done(table), "connect 1");
  table.alive(kActor);
  EXPECT_EQ(done(table), "announce 1");
  table.add_holds(kActor, kDriver, -1);
  EXPECT_EQ(done(table), "");  // not before a sweep
  settle_all(table);
  EXPECT_EQ(done(table), "end");
  table.exiting(kActor);
  table.worker_gone(kWorker, [] { return bytes("crash"); });
  EXPECT_EQ(phase(table), ActorPhase::kDead);
  EXPECT_TRUE(table.find(kActor)->cause.empty());
  settle_all(table);
  EXPECT_EQ(table.size(), 0U);
}

TEST(ActorTable, AHoldSeenDuringTheSweepKeepsIt) {
  ActorTable table = alive_actor();
  table.add_holds(kActor, kDriver, -1);
  table.add_holds(kActor, kOther, 1);
  settle_all(table);
  EXPECT_EQ(done(table), "");
  EXPECT_EQ(phase(table), ActorPhase::kAlive);
}

TEST(ActorTable, AReleaseMayBeSeenBeforeItsHold) {
  ActorTable table = alive_actor();
  table.add_holds(kActor, kOther, -1);  // sum 0
  table.add_holds(kActor, kOther, 1);   // on its behalf, from a ring read later
  settle_all(table);
  EXPECT_EQ(done(table), "");
}

TEST(ActorTable, TellsEveryHolderOfACrash) {
  ActorTable table = alive_actor();
  table.add_holds(kActor, kOther, 2);
  table.worker_gone(kWorker, [] { return bytes("signal 9"); });
  EXPECT_EQ(done(table), "announce 1, announce 3");
  EXPECT_EQ(table.find(kActor)->cause, bytes("signal 9"));
  table.connect(kActor, kOther);
  EXPECT_EQ(done(table), "announce 3");  // dead
}

TEST(ActorTable, TellsWhoIsConnectedOrWatchesWithoutAHandle) {
  ActorTable table = alive_actor();
  table.connect(kActor, kOther);  // with a handle that was lent
  EXPECT_EQ(done(table), "announce 3, connect 3");
  table.watch(kActor, kDriver);
  EXPECT_EQ(done(table), "announce 1");
  table.add_holds(kActor, kDriver, -1);
  settle_all(table);
  EXPECT_EQ(done(table), "end");
  table.exiting(kActor);
  table.worker_gone(kWorker, [] { return bytes("crash"); });
  EXPECT_EQ(done(table), "announce 3, announce 1");
  table.watch(kActor, kOther);
  EXPECT_EQ(done(table), "announce 3");  // dead
}

TEST(ActorTable, ADetachedOneLivesWithoutHolders) {
  ActorTable table;
  table.create(kActor, kDriver, ActorTable::Life::kDetached);
  table.add_holds(kActor, kDriver, -1);
  settle_all(table);
  EXPECT_EQ(done(table), "") << "it waits for its worker";
  EXPECT_TRUE(table.lives(kActor));
  table.assign(kActor, kWorker);
  table.alive(kActor);
  table.strike(kDriver);
  settle_all(table);
  EXPECT_EQ(done(table), "");
  EXPECT_TRUE(table.lives(kActor));
  table.kill(kActor, bytes("killed"));
  EXPECT_EQ(done(table), "kill");
  EXPECT_FALSE(table.lives(kActor));
  table.worker_gone(kWorker, [] { return bytes("signal 9"); });
  settle_all(table);
  EXPECT_EQ(table.find(kActor), nullptr) << "nobody holds its record";
}

TEST(ActorTable, AConstructorThatThrowsIsTheCause) {
  ActorTable table;
  table.create(kActor, kDriver);
  table.assign(kActor, kWorker);
  table.failed(kActor, bytes("bad start"));
  EXPECT_EQ(done(table), "announce 1");
  table.worker_gone(kWorker, [] { return bytes("exit 0"); });
  EXPECT_EQ(done(table), "");
  EXPECT_EQ(table.find(kActor)->cause, bytes("bad start"));
}

TEST(ActorTable, KillActsInEveryPhase) {
  struct Case {
    const char* what;
    bool assigned;
    std::string steps;
    ActorPhase phase;
  };
  const Case cases[] = {
      {"pending: at once", false, "withdraw, announce 1", ActorPhase::kDead},
      {"starting: its worker dies first", true, "kill", ActorPhase::kStarting},
  };
  for (const Case& c : cases) {
    ActorTable table;
    table.create(kActor, kDriver);
    if (c.assigned) table.assign(kActor, kWorker);
    table.kill(kActor, bytes("killed"));
    EXPECT_EQ(done(table), c.steps) << c.what;
    EXPECT_EQ(phase(table), c.phase) << c.what;
    table.worker_gone(kWorker, [] { return bytes("signal 9"); });
    EXPECT_EQ(table.find(kActor)->cause, bytes("killed")) << c.what;
  }
}

TEST(ActorTable, AnActorMayEndWithoutItsProcess) {
  ActorTable table = alive_actor();
  table.exiting(kActor);
  table.ended(kActor);
  EXPECT_EQ(done(table), "announce 1");
  EXPECT_EQ(phase(table), ActorPhase::kDead);
  EXPECT_TRUE(table.find(kActor)->cause.empty());
  table.ended(kActor);  // once
  EXPECT_EQ(done(table), "");
  table.add_holds(kActor, kDriver, -1);
  settle_all(table);
  EXPECT_EQ(table.find(kActor), nullptr) << "its process holds no record of it";

  ActorTable failed = alive_actor();
  failed.failed(kActor, bytes("failed"));
  failed.ended(kActor);
  EXPECT_EQ(failed.find(kActor)->cause, bytes("failed"));

  ActorTable killed = alive_actor();
  killed.kill(kActor, bytes("killed"));
  EXPECT_EQ(done(killed), "kill");
  killed.ended(kActor);
  EXPECT_EQ(done(killed), "announce 1");
  EXPECT_EQ(killed.find(kActor)->cause, bytes("killed"));
}

TEST(ActorTable, AConnectMayBeSeenBeforeTheCreate) {
  ActorTable table;
  table.add_holds(kActor, kOther, 1);
  table.connect(kActor, kOther);
  EXPECT_EQ(done(table), "");
  table.create(kActor, kDriver);
  EXPECT_EQ(done(table), "announce 3");
  table.assign(kActor, kWorker);
  EXPECT_EQ(done(table), "connect 3");
}

TEST(ActorTable, AnActorThatNobodyCreatedIsDead) {
  ActorTable table;
  table.add_holds(kActor, kOther, 1);
  table.connect(kActor, kOther);
  settle_all(table);
  EXPECT_EQ(done(table), "announce 3");
  EXPECT_EQ(table.find(kActor)->cause, bytes("unknown"));
}

TEST(ActorTable, UnheldBeforeItStartedAndCalledEndsAfterItsCalls) {
  ActorTable table;
  table.create(kActor, kDriver);
  table.connect(kActor, kDriver);
  table.add_holds(kActor, kDriver, -1);
  settle_all(table);
  done(table);
  table.assign(kActor, kWorker);
  EXPECT_EQ(done(table), "connect 1, end");
}

TEST(ActorTable, UnheldBeforeItStartedAndNeverCalledIsNotStarted) {
  ActorTable table;
  table.create(kActor, kDriver);
  table.add_holds(kActor, kDriver, -1);
  settle_all(table);
  EXPECT_EQ(done(table), "withdraw");
  settle_all(table);
  EXPECT_EQ(table.size(), 0U);
}

TEST(ActorTable, ADeadHolderHoldsNothing) {
  ActorTable table = alive_actor();
  table.add_holds(kActor, kOther, 3);
  table.add_holds(kActor, kDriver, -1);
  table.strike(kOther);
  settle_all(table);
  EXPECT_EQ(done(table), "end");
}

}  // namespace
}  // namespace manta::scheduler
