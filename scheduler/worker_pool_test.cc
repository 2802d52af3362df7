#include <gtest/gtest.h>

#include <manta/scheduler/worker_pool.h>

namespace manta::scheduler {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart{};

WorkerPoolOptions options() {
  return {.prestart = 2, .parallel = 4, .limit = 8, .max_failures = 3, .idle_for = 1s};
}

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
    EXPECT_EQ(pool.to_start(c.demand), c.expected) << c.what;
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

TEST(WorkerPool, DedicatedWorkersAreReplaced) {
  WorkerPool pool(options());
  add_idle(pool, 1, 2);
  pool.dedicate(*pool.take());
  EXPECT_EQ(pool.to_start(0), 1U);
  pool.gone(2);
  EXPECT_EQ(pool.size(), 1U);
}

TEST(WorkerPool, SurplusLeavesAfterAWhile) {
  WorkerPool pool(options());
  add_idle(pool, 1, 4);
  EXPECT_EQ(pool.next_surplus(), kStart + 1s);
  EXPECT_TRUE(pool.surplus(kStart).empty());
  EXPECT_EQ(pool.surplus(kStart + 1s), (std::vector<WorkerId>{1, 2}));
  EXPECT_EQ(pool.next_surplus(), std::nullopt);  // two stay
  pool.gone(1);
  pool.gone(2);
  EXPECT_EQ(pool.to_start(0), 0U);
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
    EXPECT_GT(pool.to_start(1), 0U);
    pool.started(worker);
    pool.gone(worker);
  }
  EXPECT_TRUE(pool.failing());
  EXPECT_EQ(pool.to_start(5), 0U);
  pool.forgive();                   // who waited was told
  EXPECT_EQ(pool.to_start(0), 0U);  // not on its own
  EXPECT_EQ(pool.to_start(1), 1U);  // one attempt per later request
  pool.started(4);
  pool.gone(4);
  EXPECT_TRUE(pool.failing());
}

TEST(WorkerPool, ADeathAtWorkIsNoFailureToStart) {
  WorkerPool pool(options());
  for (WorkerId worker = 1; worker <= 10; ++worker) {
    add_idle(pool, worker, 1);
    pool.take();
    pool.gone(worker);
  }
  EXPECT_FALSE(pool.failing());
  EXPECT_EQ(pool.size(), 0U);
}

}  // namespace
}  // namespace manta::scheduler
