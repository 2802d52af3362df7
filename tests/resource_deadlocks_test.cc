// Calls that wait for a resource which only those hold that wait for them: DeadlockDetected, and no false alarm.
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "cluster_fixture.h"
#include "gate.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const TaskOptions kHolder = {.resources = {{"slot", 1}}};
// What needs more than its caller has is not run in place.
const TaskOptions kLarger = {.cpus = 2, .resources = {{"slot", 1}}};
const ActorOptions kOnNoCpu = {};

int give(int value) { return value; }
int wants_a_slot() { return get(remote(give, kLarger)(1)); }
int tries_to_get_a_slot() {
  try {
    return wants_a_slot();
  } catch (const DeadlockDetected&) {
    return 0;
  }
}

// Those that come wait until all are there.
class Meeting {
 public:
  int arrive() { return ++here_; }
  int here() const { return here_; }

 private:
  int here_ = 0;
};
void meet(const ActorHandle<Meeting>& meeting, int all) {
  get(meeting.call(&Meeting::arrive));
  while (get(meeting.call(&Meeting::here)) < all) std::this_thread::yield();
}

class Holder {
 public:
  int wants_a_slot() { return testing::wants_a_slot(); }
  int wait_at(const ActorHandle<Gate>& gate) {
    testing::wait_at(gate);
    return 1;
  }
};

class ResourceDeadlocks : public ClusterTest {
 protected:
  void open_with_slots(double slots) { open({.cpus = 4, .resources = {{"slot", slots}}}); }
  template <class T>
  static void expect_deadlock(const ObjectRef<T>& ref, const std::string& waiter) {
    try {
      get(ref);
      ADD_FAILURE() << "it ended";
    } catch (const DeadlockDetected& error) {
      EXPECT_THAT(error.what(),
                  AllOf(HasSubstr(waiter), HasSubstr("gives back what it holds of slot")));
    }
  }
  // Nothing holds a slot any more.
  static void expect_slots(int slots) {
    TaskOptions all = kHolder;
    all.resources["slot"] = slots;
    EXPECT_EQ(get(remote(give, all)(5)), 5);
  }
};

TEST_F(ResourceDeadlocks, ATaskThatHoldsWhatItsTaskNeeds) {
  open_with_slots(1);
  expect_deadlock(remote(wants_a_slot, kHolder)(), "wants_a_slot");
  expect_slots(1);
}

TEST_F(ResourceDeadlocks, ATaskThatHoldsSomeOfIt) {
  open_with_slots(3);
  const auto ref = remote(
      [] {
        return get(remote(give, {.cpus = 2, .resources = {{"slot", 2}}})(1));
      },
      {.resources = {{"slot", 2}}})();
  expect_deadlock(ref, "waits for");
  expect_slots(3);
}

TEST_F(ResourceDeadlocks, ATaskThatHoldsWhatItsActorNeeds) {
  open_with_slots(1);
  const auto ref = remote(
      [] {
        auto other = actor<Meeting>(ActorOptions{.resources = {{"slot", 1}}});
        return get(other.call(&Meeting::here));
      },
      kHolder)();
  expect_deadlock(ref, "waits for");
  expect_slots(1);
}

TEST_F(ResourceDeadlocks, AnActorThatHoldsWhatItsTaskNeeds) {
  open_with_slots(1);
  auto holder = actor<Holder>(ActorOptions{.cpus = 0, .resources = {{"slot", 1}}});
  expect_deadlock(holder.call(&Holder::wants_a_slot), "Holder::wants_a_slot");
}

TEST_F(ResourceDeadlocks, ThroughAnotherTask) {
  open_with_slots(1);
  const auto ref = remote([] { return get(remote(wants_a_slot, {.cpus = 2})()); }, kHolder)();
  expect_deadlock(ref, "wants_a_slot");
  expect_slots(1);
}

// Each holds one of two, and wants another one. Who is refused gives its slot back, so that the other can go on.
TEST_F(ResourceDeadlocks, SeveralThatHoldAllOfIt) {
  open_with_slots(2);
  auto meeting = actor<Meeting>(kOnNoCpu);
  const auto wants = remote(
      [](const ActorHandle<Meeting>& where) {
        meet(where, 2);
        return tries_to_get_a_slot();
      },
      kHolder);
  const auto got = get({wants(meeting), wants(meeting)});
  EXPECT_LE(got[0] + got[1], 1);
  expect_slots(2);
}

// ---- no false alarm

TEST_F(ResourceDeadlocks, WhoWaitsForTheSlotKeepsNoCpuFromACallOfItsHolder) {
  open({.cpus = 1, .resources = {{"slot", 1}}});
  auto gate = actor<Gate>(kOnNoCpu);
  const auto holder = remote(
      [](const ActorHandle<Gate>& at) {
        wait_at(at);
        return get(remote(give, {.deadline = std::chrono::hours(1)})(1));  // so not run in place
      },
      kHolder)(gate);
  const auto next = remote(give, kHolder)(2);
  EXPECT_TRUE(eventually([&] {
    return next.why().find("waits for a worker with 1 cpu") != std::string::npos;
  })) << next.why();
  gate.post(&Gate::open);
  EXPECT_EQ(get(holder), 1);
  EXPECT_EQ(get(next), 2);
}

TEST_F(ResourceDeadlocks, OneOfThoseThatHoldItCanGoOn) {
  open_with_slots(2);
  auto gate = actor<Gate>(kOnNoCpu);
  auto meeting = actor<Meeting>(kOnNoCpu);
  const auto waits_long = remote(
      [](const ActorHandle<Meeting>& where, const ActorHandle<Gate>& at) {
        meet(where, 2);
        auto other = actor<Holder>(kOnNoCpu);
        return get(other.call(&Holder::wait_at, at));
      },
      kHolder)(meeting, gate);
  const auto wants = remote(
      [](const ActorHandle<Meeting>& where) {
        meet(where, 2);
        return wants_a_slot();
      },
      kHolder)(meeting);
  const auto says = [](const ObjectRef<int>& ref, const std::string& text) {
    return ref.why().find("where it waits for manta::testing::" + text) != std::string::npos;
  };
  EXPECT_TRUE(eventually([&] {
    return says(wants, "give, for which too little of slot is free") &&
           says(waits_long, "Holder::wait_at");
  })) << wants.why();
  gate.post(&Gate::open);
  EXPECT_EQ(get(waits_long), 1);
  EXPECT_EQ(get(wants), 1);
}

// While it waited itself, the holder was not asked to give its slot back.
TEST_F(ResourceDeadlocks, WhoHasWaitedGivesBackWhatOthersWantSince) {
  open_with_slots(1);
  auto gate = actor<Gate>(kOnNoCpu);
  // It stays alive: its end would be a reason to look again.
  auto other = actor<Holder>(kOnNoCpu);
  const auto holds =
      remote([](const ActorHandle<Holder>& asked,
                const ActorHandle<Gate>& at) { return get(asked.call(&Holder::wait_at, at)); },
             kHolder)(other, gate);
  const auto says = [](const ObjectRef<int>& ref, const std::string& text) {
    return ref.why().find("where it waits for manta::testing::" + text) != std::string::npos;
  };
  EXPECT_TRUE(eventually([&] { return says(holds, "Holder::wait_at"); })) << holds.why();
  const auto wants = remote(wants_a_slot)();
  EXPECT_TRUE(eventually([&] { return says(wants, "give, for which too little of slot is free"); }))
      << wants.why();
  gate.post(&Gate::open);
  EXPECT_EQ(get(holds), 1);
  EXPECT_EQ(get(wants), 1);
}

// Many tasks that each hold a slot and lend their CPUs while what they have asked for runs on other slots.
TEST_F(ResourceDeadlocks, WhoWaitsForItsTurnIsNotStuck) {
  open_with_slots(3);
  auto gate = actor<Gate>(kOnNoCpu);
  std::vector<ObjectRef<int>> refs;
  for (int i = 0; i < 2; ++i) refs.push_back(remote(wants_a_slot, kHolder)());
  refs.push_back(remote(pass, kHolder)(gate, 1));
  EXPECT_TRUE(eventually([&] { return refs[2].why().find("runs in") != std::string::npos; }))
      << refs[2].why();
  gate.post(&Gate::open);
  for (const int value : get(refs)) EXPECT_EQ(value, 1);
}

}  // namespace
}  // namespace manta::testing
