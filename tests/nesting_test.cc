// Tasks that call tasks: recursion of any depth and grain, in few workers; what runs in place keeps its meaning.
#include <algorithm>
#include <cstdlib>
#include <future>
#include <string>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

#include "../base/sanitizers.h"
#include "cluster_fixture.h"

namespace manta::testing {
namespace {

using ::testing::HasSubstr;

class Nesting : public ClusterTest {};

bool is_prime(int n) {
  if (n < 2) return false;
  for (int d = 2; d * d <= n; ++d) {
    if (n % d == 0) return false;
  }
  return true;
}

int count_primes(int begin, int end, int grain) {
  if (end - begin <= grain) {
    int count = 0;
    for (int n = begin; n < end; ++n) count += is_prime(n) ? 1 : 0;
    return count;
  }
  const int middle = begin + (end - begin) / 2;
  auto left = remote(count_primes)(begin, middle, grain);
  auto right = remote(count_primes)(middle, end, grain);
  return get(left) + get(right);
}

long fib(int n) {
  if (n < 2) return n;
  auto a = remote(fib)(n - 1);
  auto b = remote(fib)(n - 2);
  return get(a) + get(b);
}

int chain(int n) { return n == 0 ? 0 : get(remote(chain)(n - 1)) + 1; }

Array<int> merge_sort(const Array<int>& numbers, std::size_t grain) {
  if (numbers.size() <= grain) {
    auto sorted = numbers.copy();
    std::sort(sorted.begin(), sorted.end());
    return std::move(sorted).freeze();
  }
  const std::size_t middle = numbers.size() / 2;
  auto left = remote(merge_sort)(numbers.slice(0, middle), grain);
  auto right = remote(merge_sort)(numbers.slice(middle, numbers.size()), grain);
  const auto [a, b] = get(left, right);
  MutableArray<int> merged = uninitialized<int>({numbers.size()});
  std::merge(a.begin(), a.end(), b.begin(), b.end(), merged.begin());
  return std::move(merged).freeze();
}

TEST_F(Nesting, CountsPrimesWithASmallGrain) {
  open();
  EXPECT_EQ(get(remote(count_primes)(0, 80'000, 100)), 7837);
}

TEST_F(Nesting, FibonacciMakesBothRefsBeforeItGetsTheFirst) {
  open();
  EXPECT_EQ(get(remote(fib)(20)), 6765);
}

TEST_F(Nesting, AChainOfAThousandCallsEnds) {
  open();
  EXPECT_EQ(get(remote(chain)(1000)), 1000);
}

TEST_F(Nesting, AChainDeeperThanOneStackGoesOnInOtherWorkers) {
  open();
  EXPECT_EQ(get(remote(chain)(20'000)), 20'000);
}

TEST_F(Nesting, MergeSortEndsAtEveryGrain) {
  open();
  constexpr std::size_t kSize = 2'000'000;
  MutableArray<int> numbers = uninitialized<int>({kSize});
  for (std::size_t i = 0; i < kSize; ++i) numbers[i] = int(i * 7919 % kSize);
  const Array<int> unsorted = std::move(numbers).freeze();
  for (const std::size_t grain : {200'000U, 20'000U, 1'000U}) {
    const auto sorted = get(remote(merge_sort)(unsorted, grain));
    ASSERT_EQ(sorted.size(), kSize);
    EXPECT_TRUE(std::is_sorted(sorted.begin(), sorted.end())) << grain;
    EXPECT_EQ(sorted[kSize - 1], int(kSize) - 1);
  }
}

// ---- what runs in place keeps its meaning

struct Seen {
  TaskId id;
  std::string name;
  int attempt = 0;
  double cpus = 0;
  int pid = 0;
};

Seen look() {
  const auto context = this_task();
  return {context.id(), context.name(), context.attempt(), context.cpus(), ::getpid()};
}

std::vector<Seen> look_around() {
  std::vector<Seen> seen{look()};
  seen.push_back(get(remote(look, TaskOptions{.name = "inner", .cpus = 0.5})()));
  seen.push_back(look());
  return seen;
}

TEST_F(Nesting, ThisTaskIsTheCallThatRunsInPlaceAndThenTheOuterOneAgain) {
  open({.cpus = 1});
  const auto seen = get(remote(look_around)());
  EXPECT_EQ(seen[1].pid, seen[0].pid) << "it did not run in place";
  EXPECT_THAT(seen[0].name, HasSubstr("look_around"));
  EXPECT_EQ(seen[1].name, "inner");
  EXPECT_EQ(seen[1].cpus, 0.5);
  EXPECT_NE(seen[1].id, seen[0].id);
  EXPECT_EQ(seen[2].id, seen[0].id);
  EXPECT_EQ(seen[2].name, seen[0].name);
}

std::string name_in_a_thread() {
  const auto outer = std::async(std::launch::async, [] { return this_task().name(); }).get();
  const auto inner = get(
      remote([] { return std::async(std::launch::async, [] { return this_task().name(); }).get(); },
             TaskOptions{.name = "inner"})());
  return outer + " " + inner;
}

TEST_F(Nesting, AThreadOfATaskKnowsTheTask) {
  open();
  EXPECT_EQ(get(remote(name_in_a_thread, TaskOptions{.name = "outer"})()), "outer inner");
}

int throws_below(int depth) {
  if (depth == 0) throw std::out_of_range("at the bottom");
  return get(remote(throws_below)(depth - 1));
}

int catches_below() {
  try {
    return get(remote(throws_below)(2));
  } catch (const std::out_of_range&) {
    return 17;
  }
}

TEST_F(Nesting, AnExceptionComesThroughCallsInPlaceWithItsPath) {
  open({.cpus = 1});
  EXPECT_EQ(get(remote(catches_below)()), 17);
  try {
    get(remote(throws_below)(3));
    FAIL();
  } catch (const TaskError& error) {
    EXPECT_THAT(error.what(), HasSubstr("at the bottom"));
    EXPECT_THAT(error.function(), HasSubstr("throws_below"));
    EXPECT_NE(dynamic_cast<const std::out_of_range*>(&error), nullptr);
  }
}

int pid_of_inner(double cpus) {
  const int inner = get(remote([] { return int(::getpid()); }, TaskOptions{.cpus = cpus})());
  return inner == ::getpid() ? 0 : 1;
}

TEST_F(Nesting, ACallThatAsksForMoreThanTheTaskHasRunsElsewhere) {
  open({.cpus = 2});
  EXPECT_EQ(get(remote(pid_of_inner)(2.0)), 1);
  EXPECT_EQ(get(remote(pid_of_inner, TaskOptions{.cpus = 0.5})(1.0)), 1);
}

int dies() { std::abort(); }

std::string survives_a_death() {
  try {
    return std::to_string(get(remote(dies, TaskOptions{.max_retries = 0})()));
  } catch (const WorkerCrashed&) {
    return "caught in attempt " + std::to_string(this_task().attempt());
  }
}

TEST_F(Nesting, ACrashInPlaceIsOneOfBothAndThenTheInnerCrashesAlone) {
  open({.cpus = 1});  // no other worker takes the inner call
  EXPECT_EQ(get(remote(survives_a_death)()), "caught in attempt 2");
  EXPECT_THROW(get(remote(survives_a_death, TaskOptions{.max_retries = 0})()), WorkerCrashed);
}

std::vector<int> lists_below(int n) {
  if (n == 0) return {0};
  std::vector<ObjectRef<std::vector<int>>> parts;
  for (int i = 0; i < n; ++i) parts.push_back(remote(lists_below)(i));
  auto merged = remote([](std::vector<std::vector<int>> all, int own) {
    std::vector<int> flat{own};
    for (const auto& one : all) flat.insert(flat.end(), one.begin(), one.end());
    return flat;
  })(parts, n);
  return get(merged);
}

TEST_F(Nesting, ArgumentsThatAreNotThereYetRunInPlaceFirst) {
  open();
  EXPECT_EQ(get(remote(lists_below)(8)).size(), 256U);
}

int chain_of_refs(int n) {
  auto ref = remote([](int x) { return x + 1; })(0);
  for (int i = 1; i < n; ++i) ref = remote([](int x) { return x + 1; })(ref);
  return get(ref);
}

TEST_F(Nesting, ALongChainOfArgumentsRunsInPlace) {
  open({.cpus = 1});
  EXPECT_EQ(get(remote(chain_of_refs)(5000)), 5000);
}

long fib_by_wait(int n) {
  if (n < 2) return n;
  std::vector<ObjectRef<long>> refs{remote(fib_by_wait)(n - 1), remote(fib_by_wait)(n - 2)};
  long sum = 0;
  while (!refs.empty()) {
    auto [ready, pending] = wait(std::move(refs));
    sum += get(ready.front());
    refs = std::move(pending);
  }
  return sum;
}

TEST_F(Nesting, RecursionByWaitEnds) {
  open();
  EXPECT_EQ(get(remote(fib_by_wait)(13)), 233);
}

long fib_by_deadline(int n) {
  if (n < 2) return n;
  auto a = remote(fib_by_deadline)(n - 1);
  auto b = remote(fib_by_deadline)(n - 2);
  return get(a, std::chrono::minutes(5)) + get(b, std::chrono::minutes(5));
}

TEST_F(Nesting, RecursionWithDeadlinesEnds) {
  open();
  EXPECT_EQ(get(remote(fib_by_deadline)(14)), 377);
}

// Each call looks again and again for what the next one makes: nothing runs in place, and all poll at once.
int polls_by_wait(int depth) {
  if (depth == 0) return 0;
  const auto ref = remote(polls_by_wait)(depth - 1);
  while (wait({ref}, {.timeout = std::chrono::milliseconds(5)}).ready.empty()) {
  }
  return get(ref) + 1;
}
int polls_by_get(int depth) {
  if (depth == 0) return 0;
  const auto ref = remote(polls_by_get)(depth - 1);
  for (;;) {
    try {
      return get(ref, std::chrono::milliseconds(5)) + 1;
    } catch (const GetTimeout&) {  // once more
    }
  }
}
int polls_by_try_get(int depth) {
  if (depth == 0) return 0;
  const auto ref = remote(polls_by_try_get)(depth - 1);
  for (;;) {
    if (const auto value = try_get(ref)) return value->value() + 1;
  }
}

TEST_F(Nesting, AChainOfCallsThatPollEnds) {
  open();
#ifdef MANTA_SANITIZED  // whose workers need much more memory, and time to start
  const int depth = 40;
#else
  // With 300 the pollers leave too little of two cores for the workers that start.
  const int depth = 100;
#endif
  EXPECT_EQ(get(remote(polls_by_wait)(depth)), depth);
  EXPECT_EQ(get(remote(polls_by_get)(depth / 2)), depth / 2);
  EXPECT_EQ(get(remote(polls_by_try_get)(depth / 10)), depth / 10);
}

// What may never end is not run in place of a wait that has an end.
bool a_timeout_stays_one() {
  auto never = remote([] {
    for (;;) ::pause();
    return 0;
  })();
  try {
    get(never, std::chrono::milliseconds(20));
  } catch (const GetTimeout&) {
    return true;
  }
  return false;
}

TEST_F(Nesting, ATimeoutIsNotOverrunByWhatRunsInPlace) {
  open({.cpus = 1});
  EXPECT_TRUE(get(remote(a_timeout_stays_one)()));
}

int pauses(bool for_ever) {
  if (!for_ever) return 1;
  for (;;) ::pause();
}
template <class Wait>
bool ends_in_time(const Wait& wait_for) {
  for (int i = 0; i < 8; ++i) get(remote(pauses)(false));  // its code usually takes no time
  return wait_for(remote(pauses)(true));
}

TEST_F(Nesting, ATimeoutIsNotOverrunByCodeThatUsuallyIsQuick) {
  open({.cpus = 3});  // the calls that pause keep theirs
  const auto by_get = [] {
    return ends_in_time([](const ObjectRef<int>& ref) {
      try {
        get(ref, std::chrono::milliseconds(20));
      } catch (const GetTimeout&) {
        return true;
      }
      return false;
    });
  };
  const auto by_wait = [] {
    return ends_in_time([](const ObjectRef<int>& ref) {
      return wait({ref}, {.timeout = std::chrono::milliseconds(20)}).ready.empty();
    });
  };
  EXPECT_TRUE(get(remote(by_get)()));
  EXPECT_TRUE(get(remote(by_wait)()));
}

std::pair<int, int> unpacked_in_place() {
  const auto divide = [](int a, int b) { return std::tuple(a / b, a % b); };
  auto [q, r] = remote(divide).unpack()(17, 5);
  get(remote([] {})());
  return {get(q), get(r)};
}

TEST_F(Nesting, UnpackedAndVoidResultsComeBack) {
  open({.cpus = 1});
  EXPECT_EQ(get(remote(unpacked_in_place)()), std::pair(3, 2));
}

struct Kept {
  ObjectRef<Array<double>> ref;
};

Kept makes_and_hands_on(const Array<double>& lent) {
  auto same = remote([](const Array<double>& a) { return a; })(lent);
  auto longer = remote([](const Array<double>& a) {
    auto copy = a.copy();
    copy[0] += 1;
    return std::move(copy).freeze();
  })(get(same));
  get(longer);
  return {longer};
}

TEST_F(Nesting, ArraysLentToATaskAndMadeInPlaceAreCountedRight) {
  open();
  const auto data = put(arange<double>(100'000));
  for (int i = 0; i < 20; ++i) {
    const Kept kept = get(remote(makes_and_hands_on)(data));
    EXPECT_EQ(get(kept.ref)[0], 1.0);
    EXPECT_EQ(get(kept.ref)[99'999], 99'999.0);
  }
}

}  // namespace
}  // namespace manta::testing
