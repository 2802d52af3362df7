// MANTA_LOCAL=1: tasks and actors run in the driver, on threads, one at a time.
#include <atomic>
#include <cstdlib>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

#include <manta/parallel.h>

#include "../base/sanitizers.h"
#include "cluster_fixture.h"
#include "gate.h"
#include "node_records.h"

namespace manta::testing {
namespace {

using ::testing::HasSubstr;

class LocalSessions : public ClusterTest {
 protected:
  void SetUp() override {
    ::setenv("MANTA_LOCAL", "1", 1);
    ClusterTest::SetUp();
    open();
  }
  void TearDown() override {
    ClusterTest::TearDown();
    ::unsetenv("MANTA_LOCAL");
  }
};

std::atomic<int> running{0};
std::atomic<int> most_running{0};

int counts_itself(int value) {
  const int now = ++running;
  if (now > most_running.load()) most_running.store(now);
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  --running;
  return value;
}

TEST_F(LocalSessions, TasksRunInThisProcessOneAtATime) {
  EXPECT_EQ(get(remote([] { return ::getpid(); })()), ::getpid());
  EXPECT_EQ(processes_of(node_pid()).size(), 1U) << "the node is alone";
  most_running = 0;
  std::vector<ObjectRef<int>> refs;
  for (int i = 0; i < 20; ++i) refs.push_back(remote(counts_itself)(i));
  const auto values = get(refs);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], i);
  EXPECT_EQ(most_running.load(), 1);
}

int fib(int n) {
  if (n < 2) return n;
  const auto a = remote(fib)(n - 1);
  const auto b = remote(fib)(n - 2);
  return get(a) + get(b);
}
int chain(int n) { return n == 0 ? 0 : get(remote(chain)(n - 1)) + 1; }
ObjectRef<long> handed_up(int n) {
  if (n == 0) return put(5L);
  return remote([](int m) { return get(get(remote(handed_up)(m))) + 1; })(n - 1);
}
int by_threads(int n) {
  if (n == 0) return 1;
  auto one = std::async(std::launch::async, [n] { return get(remote(by_threads)(n - 1)); });
  auto two = std::async(std::launch::async, [n] { return get(remote(by_threads)(n - 1)); });
  return one.get() + two.get();
}

TEST_F(LocalSessions, TasksWaitForTasks) {
  EXPECT_EQ(get(remote(fib)(12)), 144);
  EXPECT_EQ(get(remote(chain)(2000)), 2000);
  EXPECT_EQ(get(get(remote(handed_up)(20))), 25);
#ifdef MANTA_SANITIZED  // which have a pthread_create of their own
  EXPECT_EQ(get(remote(by_threads)(1)), 2);
#else
  EXPECT_EQ(get(remote(by_threads)(4)), 16);
#endif
}

TEST_F(LocalSessions, WhoCancelsACallLeavesOtherCallsAlone) {
  const auto gate = actor<Gate>();
  const auto first = remote(pass)(gate, 1);
  EXPECT_TRUE(eventually([&] { return first.why().find("runs") != std::string::npos; }));
  const auto second = remote(pass)(gate, 2);
  cancel(first);
  gate.post(&Gate::open);
  EXPECT_EQ(get(first), 1);  // it was asked, and does not care
  EXPECT_EQ(get(second), 2);
}

TEST_F(LocalSessions, LoopsRunInThisProcess) {
  int here = 0;
  const auto add = plain([to = &here](int n) { *to += n; });
  parallel_for(std::pair(0, 100), add);
  EXPECT_EQ(here, 4950);
  EXPECT_EQ(map_reduce(
                std::pair(0, 100), [](int n) { return n; }, std::plus<>()),
            4950);
  EXPECT_EQ(get(map([](int n) { return 2 * n; }, std::pair(0, 100)))[99], 198);
}

TEST_F(LocalSessions, ATaskMayAskForMoreThanItsCallerHas) {
  EXPECT_EQ(get(remote([] { return get(remote(chain, {.cpus = 2})(1)); }, {.cpus = 0.5})()), 1);
}

TEST_F(LocalSessions, ArgumentsAreCopiesAndArraysAreNot) {
  std::vector<int> numbers = {1, 2, 3};
  EXPECT_EQ(get(remote([](std::vector<int> all) {
              all[0] = 9;
              return all[0];
            })(numbers)),
            9);
  EXPECT_EQ(numbers[0], 1);
  const auto array = put(arange<double>(1000));
  EXPECT_EQ(get(remote([](const Array<double>& all) { return all[999]; })(array)), 999);
}

class Counter {
 public:
  explicit Counter(int start) : count_(start) {
    if (start < 0) throw std::invalid_argument("below zero");
  }
  int add(int n) { return count_ += n; }
  pid_t pid() const { return ::getpid(); }
  int ask(const ActorHandle<Counter>& other) { return get(other.call(&Counter::add, 1)); }
  int asks_a_task() {
    return get(remote([](int n) { return n + 1; })(count_));
  }
  int names_itself() { return get(this_actor().self<Counter>().ready()), 1; }
  void leave() { exit_actor(); }

 private:
  int count_;
};

TEST_F(LocalSessions, ActorsKeepTheirState) {
  auto one = actor<Counter>(10);
  auto two = actor<Counter>(20);
  for (int i = 0; i < 100; ++i) one.post(&Counter::add, 1);
  EXPECT_EQ(get(one.call(&Counter::add, 0)), 110);
  EXPECT_EQ(get(two.call(&Counter::ask, one)), 111);
  EXPECT_EQ(get(two.call(&Counter::asks_a_task)), 21);
  EXPECT_EQ(get(one.call(&Counter::pid)), ::getpid());
  EXPECT_EQ(get(remote([](const ActorHandle<Counter>& counter) {
              return get(counter.call(&Counter::add, 5));
            })(two)),
            25);
}

TEST_F(LocalSessions, ActorsEnd) {
  EXPECT_THROW(get(actor<Counter>(-1).call(&Counter::add, 1)), std::invalid_argument);
  auto leaves = actor<Counter>(1);
  EXPECT_THROW(get(leaves.call(&Counter::leave)), ActorDied);
  get(leaves.ended());
  auto killed = actor<Counter>(1);
  get(killed.ready());
  killed.kill();
  EXPECT_THROW(get(killed.ended()), ActorDied);
  EXPECT_THROW(get(killed.call(&Counter::add, 1)), ActorDied);
  ObjectRef<void> ended;
  {
    auto dropped = actor<Counter>(1);
    EXPECT_EQ(get(dropped.call(&Counter::add, 1)), 2);
    ended = dropped.ended();
  }
  get(ended);
}

int fails(int value) { throw std::out_of_range("no " + std::to_string(value)); }

TEST_F(LocalSessions, ErrorsAreAsFromAWorker) {
  try {
    get(remote(fails)(3));
    ADD_FAILURE();
  } catch (const TaskErrorOf<std::out_of_range>& error) {
    EXPECT_EQ(error.message(), "no 3");
    EXPECT_THAT(error.function(), HasSubstr("fails"));
  }
}

class WaitsALittle {
 public:
  int fib_of(int n) {
    const auto ref = remote(fib)(n);
    (void)wait({ref}, {.timeout = std::chrono::milliseconds(1)});
    return get(ref);
  }
};

// Calls that are half done go on after the session is closed.
TEST_F(LocalSessions, MayBeShutDownWhileThreadsCallActorsThatWait) {
  for (int round = 0; round < 10; ++round) {
    std::atomic<int> calls{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        try {
          for (;; ++calls) get(actor<WaitsALittle>().call(&WaitsALittle::fib_of, 4));
        } catch (const InvalidArgument&) {  // the session was shut down
        }
      });
    }
    while (calls.load() < 1 + round % 5) std::this_thread::yield();
    node_records_are_not_checked();  // the threads have actors
    close();
    for (std::thread& thread : threads) thread.join();
    open();
  }
}

std::thread left_behind;
std::atomic<bool> other_ran{false};
int leaves_a_thread_that_waits(const ActorHandle<Counter>& counter) {
  left_behind =
      std::thread([ended = counter.ended()] { EXPECT_THROW(get(ended), InvalidArgument); });
  while (!other_ran.load()) std::this_thread::yield();  // it runs only when the thread waits
  return 1;
}

TEST_F(LocalSessions, MayBeShutDownWhileAThreadThatACallHasLeftBehindWaits) {
  other_ran = false;
  auto counter = actor<Counter>(1);
  const auto ref = remote(leaves_a_thread_that_waits)(counter);
  const auto other = remote([] { other_ran = true; })();
  EXPECT_EQ(get(ref), 1);
  get(other);
  node_records_are_not_checked();  // the counter is there
  close();
  left_behind.join();
}

std::atomic<bool> nap_began{false};
std::atomic<bool> nap_may_end{false};
class Sleeper {
 public:
  int nap() {
    nap_began = true;
    while (!nap_may_end.load()) std::this_thread::yield();
    return 1;
  }
};

TEST_F(LocalSessions, KillEndsAnActorAfterTheMethodThatItRuns) {
  auto sleeper = actor<Sleeper>();
  const auto nap = sleeper.call(&Sleeper::nap);
  while (!nap_began.load()) std::this_thread::yield();
  sleeper.kill();
  nap_may_end = true;
  EXPECT_EQ(get(nap), 1);
  EXPECT_THROW(get(sleeper.ended()), ActorDied);
  EXPECT_EQ(get(actor<Sleeper>().call(&Sleeper::nap)), 1);
}

struct Holder {
  void hold(ObjectRef<Array<int>> ref) {
    borrowed = std::move(ref);
    array = get(borrowed);
    own = put(full<int>(100'000, 7));
  }
  ObjectRef<Array<int>> borrowed, own;
  Array<int> array;
};

TEST_F(LocalSessions, AKilledActorLetsGoOfWhatItHolds) {
  const auto before = store_bytes_used();
  auto holder = actor<Holder>();
  get(holder.call(&Holder::hold, put(full<int>(200'000, 5))));
  EXPECT_GE(store_bytes_used(), before + 1'200'000);
  holder.kill();
  EXPECT_TRUE(eventually([&] { return store_bytes_used() <= before; }))
      << store_bytes_used() - before;
  EXPECT_THROW(get(holder.ended()), ActorDied);
}

TEST_F(LocalSessions, MayBeShutDownWhileCallsWait) {
  auto counter = actor<Counter>(1);
  const auto never = remote([](const ActorHandle<Counter>& other) {
    get(other.ended());
    return 1;
  })(counter);
  EXPECT_TRUE(eventually([&] { return running.load() == 0; }));
  node_records_are_not_checked();  // the counter is there
}

}  // namespace
}  // namespace manta::testing
