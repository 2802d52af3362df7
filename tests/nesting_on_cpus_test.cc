// Tasks that call tasks where references are handed up before their values exist, and where threads of a task wait: on
// one, two and four CPUs.
#include <chrono>
#include <future>
#include <thread>
#include <vector>

#include "cluster_fixture.h"

namespace manta::testing {
namespace {

// ---- references to unfinished work, handed up

ObjectRef<long> handed_up(int n) {
  if (n == 0) return put(5L);
  return remote([](int m) { return get(get(remote(handed_up)(m))) + 1; })(n - 1);
}

class NestingOnCpus : public ClusterTest, public ::testing::WithParamInterface<int> {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open({.cpus = GetParam()});
  }
};

TEST_P(NestingOnCpus, ReferencesToUnfinishedWorkAreHandedUp) {
  for (const int n : {0, 1, 2, 5, 20, 60}) {
    EXPECT_EQ(get(get(remote(handed_up)(n))), 5 + n) << n;
  }
}

// The same where nothing runs in place: threads wait.
ObjectRef<long> handed_up_to_threads(int n) {
  if (n == 0) return put(5L);
  const auto one = [](int m) {
    const auto wait_there = [m] { return get(get(remote(handed_up_to_threads)(m))); };
    return std::async(std::launch::async, wait_there).get() + 1;
  };
  return remote(one)(n - 1);
}

TEST_P(NestingOnCpus, ReferencesToUnfinishedWorkAreHandedUpToThreads) {
  for (const int n : {1, 2, 3, 8, 20}) {
    EXPECT_EQ(get(get(remote(handed_up_to_threads)(n))), 5 + n) << n;
  }
}

std::vector<ObjectRef<long>> two_handed_up(int n) {
  const auto one = [](int m) {
    long sum = 1;
    for (const auto& ref : get(remote(two_handed_up)(m))) sum += get(ref);
    return sum;
  };
  if (n == 0) return {put(1L), put(2L)};
  return {remote(one)(n - 1), remote(one)(n - 1)};
}

TEST_P(NestingOnCpus, ListsOfReferencesToUnfinishedWorkAreHandedUp) {
  long expected = 3;
  for (int n = 1; n <= 6; ++n) expected = 2 * (expected + 1);
  long sum = 0;
  for (const auto& ref : get(remote(two_handed_up)(6))) sum += get(ref);
  EXPECT_EQ(sum, expected);
}

// ---- threads that user code starts

long by_thread(int n) {
  if (n == 0) return 0;
  long result = 0;
  std::thread([&] { result = get(remote(by_thread)(n - 1)) + 1; }).join();
  return result;
}

TEST_P(NestingOnCpus, AThreadOfATaskWaitsForATask) {
  EXPECT_EQ(get(remote(by_thread)(1)), 1);
  EXPECT_EQ(get(remote(by_thread)(6)), 6);
}

long by_async(int n) {
  if (n == 0) return 1;
  auto a = std::async(std::launch::async, [n] { return get(remote(by_async)(n - 1)); });
  auto b = std::async(std::launch::async, [n] {
    const auto ref = remote(by_async)(n - 1);
    while (!wait({ref}, {.timeout = std::chrono::seconds(1)}).pending.empty()) {
    }
    return get(ref);
  });
  return a.get() + b.get();
}

TEST_P(NestingOnCpus, ManyThreadsOfATaskWait) { EXPECT_EQ(get(remote(by_async)(4)), 16); }

class Forwarder {
 public:
  long by_thread_of_mine(int n) {
    return std::async(std::launch::async, [n] { return get(remote(by_thread)(n)); }).get();
  }
};

TEST_P(NestingOnCpus, AThreadOfAnActorWaitsForATask) {
  auto forwarder = actor<Forwarder>(ActorOptions{.cpus = 1});
  EXPECT_EQ(get(forwarder.call(&Forwarder::by_thread_of_mine, 2)), 2);
}

// The executor's thread completes in place what another thread of the task waits for.
int two_threads_one_ref() {
  int sum = 0;
  for (int i = 0; i < 50; ++i) {
    auto ref = remote([] { return 1; })();
    auto other = std::async(std::launch::async, [ref] { return get(ref); });
    sum += get(ref) + other.get();
  }
  return sum;
}

TEST_P(NestingOnCpus, TwoThreadsWaitForOneCall) {
  EXPECT_EQ(get(remote(two_threads_one_ref)()), 100);
}

// Who looks again and again instead of waiting lends its CPU now and then.
int one() { return 1; }
int asks_whether_it_is_ready() {
  const auto ref = remote(one)();
  while (!ref.ready()) continue;
  return get(ref);
}
int tries_to_get() {
  const auto ref = remote(one)();
  for (;;) {
    if (const auto outcome = try_get(ref)) return outcome->value();
  }
}
int waits_for_no_time() {
  const auto ref = remote(one)();
  while (wait({ref}, {.timeout = std::chrono::seconds(0)}).ready.empty()) continue;
  return get(ref);
}
int gets_within_no_time() {
  const auto ref = remote(one)();
  for (;;) {
    try {
      return get(ref, std::chrono::seconds(0));
    } catch (const GetTimeout&) {
    }
  }
}
int asks_in_a_thread() { return std::async(std::launch::async, asks_whether_it_is_ready).get(); }

TEST_P(NestingOnCpus, WhoLooksAgainAndAgainGetsAnAnswer) {
  for (const auto way : {asks_whether_it_is_ready, tries_to_get, waits_for_no_time,
                         gets_within_no_time, asks_in_a_thread}) {
    EXPECT_EQ(get(remote(way)()), 1);
  }
}

class Asker {
 public:
  int ask() { return asks_whether_it_is_ready(); }
};

TEST_P(NestingOnCpus, AnActorThatLooksAgainAndAgainGetsAnAnswer) {
  auto asker = actor<Asker>(ActorOptions{.cpus = 1});
  EXPECT_EQ(get(asker.call(&Asker::ask)), 1);
}

INSTANTIATE_TEST_SUITE_P(Cpus, NestingOnCpus, ::testing::Values(1, 2, 4));

}  // namespace
}  // namespace manta::testing
