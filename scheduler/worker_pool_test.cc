#include "worker_pool.h"

#include <gtest/gtest.h>

namespace manta::scheduler {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart{};

WorkerPoolOptions options() {
  return {.prestart = 2, .parallel = 4, .limit = 8, .max_failures = 3, .idle_for = 1s};
}

using Kinds = std::vector<WorkerKind>;

// How many are to be started for `demand` leases, all for libraries that use one thread.
std::size_t to_start(const WorkerPool& pool, std::size_t demand, Time now) {
  const Kinds kinds = pool.to_start(Kinds(demand), now);
  EXPECT_EQ(kinds, Kinds(kinds.size()));
  return kinds.size();
}

WorkerKind with_threads(ThreadCount threads) { return {.threads = threads}; }
Kinds with_threads(std::initializer_list<ThreadCount> threads) {
  Kinds kinds;
  for (const ThreadCount count : threads) kinds.push_back(with_threads(count));
  return kinds;
}
WorkerKind in(const std::string& value) { return {.environment = {{"A", value}}}; }

// Workers first..first+count-1, idle since `since`.
void add_idle(WorkerPool& pool, WorkerId first, std::size_t count, Time since = kStart) {
  for (WorkerId worker = first; worker < first + count; ++worker) {
    pool.started(worker);
    pool.ready(worker, since);
  }
}

TEST(WorkerPool, StartsWhatIsMissing) {
  struct Case {
    const char* what;
    std::size_t idle, starting, demand, expected;
  };
  const Case cases[] = {
      {"from the beginning", 0, 0, 0, 2},
      {"no more than that without demand", 2, 0, 0, 0},
      {"what is starting serves the demand", 0, 2, 2, 0},
      {"the demand beyond what is there", 2, 0, 5, 3},
      {"so many at a time", 0, 0, 20, 4},
      {"fewer when some are starting already", 0, 3, 20, 1},
      {"never more than the limit", 7, 0, 20, 1},
  };
  for (const Case& c : cases) {
    WorkerPool pool(options());
    add_idle(pool, 1, c.idle);
    for (std::size_t i = 0; i < c.starting; ++i) pool.started(100 + i);
    EXPECT_EQ(to_start(pool, c.demand, kStart), c.expected) << c.what;
  }
}

TEST(WorkerPool, TakesTheWarmestFirst) {
  WorkerPool pool(options());
  add_idle(pool, 1, 3);
  EXPECT_EQ(pool.take(), 3U);
  EXPECT_EQ(pool.take(), 2U);
  pool.give_back(3, kStart);
  EXPECT_EQ(pool.take(), 3U);
  EXPECT_EQ(pool.take(), 1U);
  EXPECT_EQ(pool.take(), std::nullopt);
}

TEST(WorkerPool, ALeaseGetsAWorkerWithItsNumberOfThreads) {
  WorkerPool pool(options());
  const WorkerKind four = with_threads(4);
  add_idle(pool, 1, 2);
  EXPECT_EQ(pool.take(four), std::nullopt);
  EXPECT_EQ(pool.to_start(with_threads({1, 4, 4, 1, 1}), kStart), with_threads({4, 4, 1}));
  pool.started(10, four);
  EXPECT_EQ(pool.to_start({four, four}, kStart), Kinds{four}) << "one is starting";
  pool.ready(10, kStart);
  EXPECT_EQ(pool.take(), 2U) << "not the one that came last";
  EXPECT_EQ(pool.take(four), 10U);
  pool.give_back(10, kStart);
  EXPECT_EQ(pool.to_start({four}, kStart), Kinds{});
}

TEST(WorkerPool, AWorkerWithOtherThreadsWillDoWhereNoMoreCanBeStarted) {
  WorkerPool full(options());
  const WorkerKind four = with_threads(4);
  add_idle(full, 1, 8);
  EXPECT_EQ(full.to_start({four}, kStart), Kinds{});
  EXPECT_EQ(full.take(four), 8U);
  WorkerPool failing(options());
  add_idle(failing, 1, 2);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(failing.take(four), std::nullopt);
    failing.started(10, four);
    failing.gone(10, kStart);
  }
  EXPECT_EQ(failing.take(four), 2U);
}

TEST(WorkerPool, AWorkerWithAnotherEnvironmentOrOtherGpusNeverDoes) {
  WorkerPool full(options());
  add_idle(full, 1, 8);
  EXPECT_EQ(full.take(in("1")), std::nullopt);
  EXPECT_EQ(full.take({.gpus = {0}}), std::nullopt);
  EXPECT_EQ(full.to_start({in("1")}, kStart), Kinds{});
  EXPECT_EQ(full.make_room({in("1"), {}}), std::vector<WorkerId>{}) << "a plain one is wanted, too";
  const auto busy = [](WorkerId worker) { return worker == 1; };
  EXPECT_EQ(full.make_room({in("1")}, busy), std::vector<WorkerId>{2});
  EXPECT_EQ(full.make_room({in("1")}), std::vector<WorkerId>{}) << "one is leaving";
  full.gone(2, kStart);
  EXPECT_EQ(full.to_start({in("1")}, kStart), Kinds{in("1")});
  full.started(2, in("1"));
  full.ready(2, kStart);
  EXPECT_EQ(full.take(in("2")), std::nullopt);
  EXPECT_EQ(full.take(in("1")), 2U);
}

TEST(WorkerPool, PlainWorkersAreKeptAndOthersLeave) {
  WorkerPoolOptions few = options();
  few.limit = 20;
  few.idle_alike = 2;
  WorkerPool pool(few);
  add_idle(pool, 1, 2);
  for (WorkerId worker = 3; worker <= 5; ++worker) {
    pool.started(worker, in("1"));
    pool.ready(worker, kStart);
  }
  pool.started(6, {.gpus = {1}});
  pool.ready(6, kStart);
  EXPECT_EQ(to_start(pool, 0, kStart), 0U);
  EXPECT_EQ(pool.next_surplus(), kStart + 100ms);
  EXPECT_EQ(pool.surplus(kStart + 100ms), std::vector<WorkerId>{3}) << "of three that are alike";
  EXPECT_EQ(pool.next_surplus(), kStart + 1s);
  EXPECT_EQ(pool.surplus(kStart + 1s), (std::vector<WorkerId>{4, 5, 6}));
  EXPECT_EQ(pool.next_surplus(), std::nullopt);
  EXPECT_TRUE(pool.is_plain(1));
  EXPECT_FALSE(pool.is_plain(6));
  EXPECT_EQ(pool.plain_surplus(), 0U);
  add_idle(pool, 11, 5);
  EXPECT_EQ(pool.plain_surplus(), 3U);
}

TEST(WorkerPool, AnEnvironmentThatFailsHarmsNoOther) {
  WorkerPool pool(options());
  add_idle(pool, 1, 2);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(pool.hopeless(in("1").environment, false));
    EXPECT_EQ(pool.to_start({in("1")}, kStart), Kinds{in("1")});
    pool.started(10, in("1"));
    pool.gone(10, kStart);
  }
  EXPECT_TRUE(pool.hopeless(in("1").environment, false)) << "the idle ones are no help";
  EXPECT_EQ(pool.to_start({in("1"), {}, {}, {}}, kStart), Kinds(1));
  EXPECT_FALSE(pool.failing());
  pool.forgive(in("1").environment);
  EXPECT_EQ(pool.to_start({in("1")}, kStart), Kinds{in("1")});
}

WorkerKind of_job(JobNumber job) { return {.job = job}; }

TEST(WorkerPool, AWorkerServesItsOwnJobOnly) {
  WorkerPoolOptions four = options();
  four.limit = 4;
  WorkerPool pool(four);
  for (WorkerId worker = 1; worker <= 4; ++worker) {
    pool.started(worker, of_job(1));
    pool.ready(worker, kStart);
  }
  EXPECT_FALSE(pool.take(of_job(2))) << "at the limit, too, where other threads would do";
  EXPECT_EQ(pool.make_room({of_job(2)}), std::vector<WorkerId>{1});
  pool.gone(1, kStart);
  EXPECT_EQ(pool.to_start({of_job(2)}, kStart), Kinds{of_job(2)});
  EXPECT_EQ(pool.take(of_job(1)), 4U);
}

TEST(WorkerPool, AProgramThatFailsHarmsNoOtherJob) {
  WorkerPoolOptions none = options();
  none.prestart = 0;
  WorkerPool pool(none);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(pool.to_start({of_job(1)}, kStart), Kinds{of_job(1)});
    pool.started(10, of_job(1));
    pool.gone(10, kStart);
  }
  EXPECT_TRUE(pool.hopeless({{}, 1}, false));
  EXPECT_FALSE(pool.failing({{}, 2}));
  EXPECT_EQ(pool.failing_jobs(), std::set<JobNumber>{1});
  EXPECT_EQ(pool.to_start({of_job(1), of_job(2)}, kStart), Kinds{of_job(2)});
  pool.forget(1);
  EXPECT_EQ(pool.failing_jobs(), std::set<JobNumber>());
}

TEST(WorkerPool, TheCapRelaxes) {
  WorkerPoolOptions capped = options();
  capped.limit = 20;
  capped.cap = 4;
  WorkerPool pool(capped);
  const Kinds wanted(8);
  EXPECT_EQ(pool.relax(wanted, kStart, true), std::nullopt);
  EXPECT_EQ(to_start(pool, 8, kStart), 4U);
  add_idle(pool, 1, 4);
  EXPECT_EQ(pool.relax(Kinds(4), kStart, true), std::nullopt) << "there are enough";
  while (pool.take()) {
  }
  EXPECT_EQ(pool.relax(wanted, kStart, false), kStart + 10ms);
  EXPECT_EQ(pool.relax(wanted, kStart + 5ms, false), kStart + 10ms);
  EXPECT_EQ(to_start(pool, 8, kStart + 5ms), 0U);
  EXPECT_EQ(pool.relax(wanted, kStart + 10ms, false), std::nullopt);
  EXPECT_EQ(to_start(pool, 8, kStart + 10ms), 2U) << "half as many more";
  pool.started(5);
  EXPECT_EQ(pool.relax(wanted, kStart + 30ms, true), std::nullopt) << "one starts";
  pool.started(6);
  pool.ready(5, kStart);
  pool.ready(6, kStart);
  while (pool.take()) {
  }
  EXPECT_EQ(pool.relax(wanted, kStart + 30ms, true), std::nullopt) << "at once: all wait";
  EXPECT_EQ(to_start(pool, 8, kStart + 30ms), 3U);
  for (WorkerId worker = 1; worker <= 6; ++worker) pool.give_back(worker, kStart + 30ms);
  EXPECT_EQ(pool.surplus(kStart + 2s).size(), 4U);
  for (WorkerId worker = 1; worker <= 4; ++worker) pool.gone(worker, kStart + 2s);
  while (pool.take()) {
  }
  EXPECT_EQ(to_start(pool, 8, kStart + 2s), 2U) << "as it was";
}

TEST(WorkerPool, DedicatedWorkersAreReplaced) {
  WorkerPool pool(options());
  add_idle(pool, 1, 2);
  pool.dedicate(*pool.take());
  EXPECT_EQ(to_start(pool, 0, kStart), 1U);
  pool.gone(2, kStart);
  EXPECT_EQ(pool.size(), 1U);
}

TEST(WorkerPool, SurplusLeavesAfterAWhile) {
  WorkerPool pool(options());
  add_idle(pool, 1, 4);
  EXPECT_EQ(pool.next_surplus(), kStart + 1s);
  EXPECT_TRUE(pool.surplus(kStart).empty());
  EXPECT_EQ(pool.surplus(kStart + 1s), (std::vector<WorkerId>{1, 2}));
  EXPECT_EQ(pool.next_surplus(), std::nullopt);  // two stay
  pool.gone(1, kStart);
  pool.gone(2, kStart);
  EXPECT_EQ(to_start(pool, 0, kStart), 0U);
}

TEST(WorkerPool, AWorkerWithBusinessOfItsOwnStays) {
  WorkerPool pool(options());
  add_idle(pool, 1, 3);
  const auto busy = [](WorkerId worker) { return worker == 1; };
  EXPECT_EQ(pool.surplus(kStart + 1s, busy), std::vector<WorkerId>{2});
}

TEST(WorkerPool, GivesUpAfterFailuresInARow) {
  WorkerPool pool(options());
  for (WorkerId worker = 1; worker <= 3; ++worker) {
    EXPECT_FALSE(pool.failing());
    EXPECT_GT(to_start(pool, 1, kStart), 0U);
    pool.started(worker);
    pool.gone(worker, kStart);
  }
  EXPECT_TRUE(pool.hopeless({}, false));
  EXPECT_EQ(to_start(pool, 5, kStart), 0U);
  pool.forgive({});                          // who waited was told
  EXPECT_EQ(to_start(pool, 0, kStart), 0U);  // not on its own
  EXPECT_EQ(to_start(pool, 1, kStart), 1U);  // one attempt per later request
  pool.started(4);
  pool.gone(4, kStart);
  EXPECT_TRUE(pool.failing());
}

void fail_to_start(WorkerPool& pool, int times, Time now = kStart) {
  for (int i = 0; i < times; ++i) pool.start_failed({}, now);
}

TEST(WorkerPool, WhileOthersWorkItIsNotHopelessAndTriesAgainMoreAndMoreSeldom) {
  WorkerPool pool(options());
  add_idle(pool, 1, 1);
  pool.take();
  fail_to_start(pool, 3);
  EXPECT_TRUE(pool.failing());
  EXPECT_FALSE(pool.hopeless({}, true));
  EXPECT_EQ(to_start(pool, 5, kStart), 0U);
  EXPECT_EQ(pool.next_retry(Kinds(1)), kStart + 100ms);
  EXPECT_EQ(to_start(pool, 5, kStart + 100ms), 1U);  // one at a time
  fail_to_start(pool, 1, kStart + 100ms);
  EXPECT_EQ(pool.next_retry(Kinds(1)), kStart + 300ms);
  EXPECT_FALSE(pool.hopeless({}, true));
  pool.started(9);
  EXPECT_EQ(pool.next_retry(Kinds(1)), std::nullopt);
  pool.ready(9, kStart);
  EXPECT_FALSE(pool.failing());
}

TEST(WorkerPool, ItIsHopelessWithoutWorkersAtOnceAndWithBlockedOnesAfterMoreAttempts) {
  WorkerPool pool(options());
  add_idle(pool, 1, 1);
  fail_to_start(pool, 9);
  EXPECT_FALSE(pool.hopeless({}, false));  // one is idle
  pool.take();
  EXPECT_TRUE(pool.hopeless({}, false));
  pool.gone(1, kStart);
  EXPECT_TRUE(pool.hopeless({}, false));
  WorkerPool blocked(options());
  add_idle(blocked, 1, 1);
  blocked.take();
  fail_to_start(blocked, 3);
  EXPECT_FALSE(blocked.hopeless({}, false));
  fail_to_start(blocked, 3);
  EXPECT_TRUE(blocked.hopeless({}, false));
}

TEST(WorkerPool, AnActorsWorkerDoesNotComeBack) {
  WorkerPool pool(options());
  add_idle(pool, 1, 1);
  pool.dedicate(*pool.take());
  fail_to_start(pool, 3);
  EXPECT_TRUE(pool.hopeless({}, false));
}

TEST(WorkerPool, ADeathAtWorkIsNoFailureToStart) {
  WorkerPool pool(options());
  for (WorkerId worker = 1; worker <= 10; ++worker) {
    add_idle(pool, worker, 1);
    pool.take();
    pool.gone(worker, kStart);
  }
  EXPECT_FALSE(pool.failing());
  EXPECT_EQ(pool.size(), 0U);
}

}  // namespace
}  // namespace manta::scheduler
