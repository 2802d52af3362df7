// Tasks that call tasks: recursion of any depth and grain, in few workers; what runs in place keeps its meaning.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <future>
#include <numeric>
#include <set>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

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
  for (const std::size_t grain : {200'000, 20'000, 1'000}) {
    const auto sorted = get(remote(merge_sort)(unsorted, grain));
    ASSERT_EQ(sorted.size(), kSize);
    EXPECT_TRUE(std::is_sorted(sorted.begin(), sorted.end())) << grain;
    EXPECT_EQ(sorted[kSize - 1], int(kSize) - 1);
  }
}

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

INSTANTIATE_TEST_SUITE_P(Cpus, NestingOnCpus, ::testing::Values(1, 2, 4));

}  // namespace
}  // namespace manta::testing
