// as_completed, and wait() in a loop: every ref once, in the order of completion, at a cost that does not grow.
#include <algorithm>
#include <chrono>
#include <ranges>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <manta/manta.h>

#include "cluster_fixture.h"
#include "gate.h"

namespace manta::testing {
namespace {

using namespace std::chrono_literals;

static_assert(std::ranges::input_range<AsCompleted<int>>);
static_assert(!std::is_copy_constructible_v<AsCompleted<int>>);
static_assert(std::is_nothrow_move_constructible_v<AsCompleted<int>>);

int same(int n) { return n; }
int fails_if_odd(int n) {
  if (n % 2 != 0) throw std::out_of_range("number " + std::to_string(n));
  return n;
}

std::vector<ObjectRef<int>> calls(int n) {
  std::vector<ObjectRef<int>> refs;
  for (int i = 0; i < n; ++i) refs.push_back(remote(same)(i));
  return refs;
}

std::set<int> values_of(AsCompleted<int> completed) {
  std::set<int> values;
  for (const auto& ref : completed) values.insert(get(ref));
  return values;
}

TEST_F(ClusterTest, AsCompletedGivesEachRefOnceAsOftenAsItWasGiven) {
  open();
  EXPECT_EQ(values_of(as_completed(calls(1000))).size(), 1000u);
  EXPECT_TRUE(values_of(as_completed(std::vector<ObjectRef<int>>{})).empty());
  auto a = put(1), b = remote(same)(2);
  std::vector<int> values;
  for (const auto& ref : as_completed(std::vector{a, b, a, b, b})) values.push_back(get(ref));
  std::ranges::sort(values);
  EXPECT_EQ(values, (std::vector{1, 1, 2, 2, 2}));
}

TEST_F(ClusterTest, AsCompletedComesInTheOrderOfCompletion) {
  open({.cpus = 4});
  std::vector<ActorHandle<Gate>> gates;
  std::vector<ObjectRef<int>> refs;
  for (int i = 0; i < 3; ++i) {
    gates.push_back(actor<Gate>());
    refs.push_back(remote(pass)(gates.back(), i));
  }
  refs.push_back(put(3));
  auto completed = as_completed(refs);
  auto at = completed.begin();
  EXPECT_EQ(get(*at), 3);
  for (const int next : {1, 2, 0}) {
    gates[static_cast<std::size_t>(next)].post(&Gate::open);
    ++at;
    EXPECT_EQ(get(*at), next);
  }
  ++at;
  EXPECT_TRUE(at == completed.end());
}

TEST_F(ClusterTest, AsCompletedGivesFailedOnesToo) {
  open();
  std::vector<ObjectRef<int>> refs;
  for (int i = 0; i < 20; ++i) refs.push_back(remote(fails_if_odd)(i));
  int sum = 0, failed = 0;
  for (const auto& ref : as_completed(refs)) {
    try {
      sum += get(ref);
    } catch (const std::out_of_range&) {
      ++failed;
    }
  }
  EXPECT_EQ(sum, 90);
  EXPECT_EQ(failed, 10);
}

TEST_F(ClusterTest, AsCompletedTimeoutIsThatOfTheWholeIteration) {
  open();
  const auto gate = actor<Gate>();
  const auto late = remote(pass)(gate, 1);
  const auto ready = put(7);
  auto completed = as_completed(std::vector{late, ready}, 20ms);
  auto at = completed.begin();
  EXPECT_EQ(get(*at), 7);
  try {
    ++at;
    FAIL();
  } catch (const GetTimeout& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("as_completed"), std::string::npos) << text;
    EXPECT_NE(text.find("1 object is not ready"), std::string::npos) << text;
    EXPECT_NE(text.find("index 0 of 2"), std::string::npos) << text;
    EXPECT_NE(text.find("pass"), std::string::npos) << text;
  }
  EXPECT_THROW(as_completed(std::vector{late}, 0s).begin(), GetTimeout);
  EXPECT_THROW(as_completed(std::vector{late}, Timeout(-1s)), InvalidArgument);
  gate.post(&Gate::open);
  EXPECT_EQ(get(*as_completed(std::vector{late}, std::chrono::hours::max()).begin()), 1);
  EXPECT_EQ(get(*as_completed(std::vector{late}, 0s).begin()), 1);  // what is ready still comes
}

TEST_F(ClusterTest, AsCompletedMayBeLeftInTheMiddleAndMoved) {
  open();
  const auto gate = actor<Gate>();
  const auto late = remote(pass)(gate, 1);
  for (int round = 0; round < 100; ++round) {
    for (const auto& ref : as_completed(std::vector{late, put(round), late})) {
      EXPECT_EQ(get(ref), round);
      break;
    }
  }
  auto first = as_completed(std::vector{put(1), put(2), late});
  auto at = first.begin();
  EXPECT_EQ(get(*at), 1);
  auto second = std::move(first);
  ++at;  // continues in the one that was moved to
  EXPECT_EQ(get(*second.begin()), 2);
  gate.post(&Gate::open);
  ++at;
  EXPECT_EQ(get(*at), 1);
}

TEST_F(ClusterTest, ManyWatchTheSameObjects) {
  open();
  const auto gate = actor<Gate>();
  std::vector<ObjectRef<int>> refs;
  for (int i = 0; i < 10; ++i) refs.push_back(remote(same)(remote(pass)(gate, i)));
  std::vector<std::thread> threads;
  std::atomic<int> sum = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      if (t % 2 == 0) {
        for (const auto& ref : as_completed(refs)) sum += get(ref);
      } else {
        for (const auto& ref : wait(refs, {.num_ready = refs.size()}).ready) sum += get(ref);
      }
    });
  }
  EXPECT_THROW(as_completed(refs, 1ms).begin(), GetTimeout);
  EXPECT_EQ(wait(refs, {.num_ready = 10, .timeout = 1ms}).pending.size(), 10u);
  gate.post(&Gate::open);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sum, 4 * 45);
}

int sum_as_completed(int n) {
  int sum = 0;
  for (const auto& ref : as_completed(calls(n))) sum += get(ref);
  return sum;
}
int sum_of_given(const std::vector<ObjectRef<int>>& refs) {
  int sum = 0;
  for (const auto& ref : as_completed(refs)) sum += get(ref);
  return sum;
}
std::vector<ObjectRef<int>> handed_up(int n) { return calls(n); }

TEST_F(ClusterTest, AsCompletedInsideATaskLendsTheCpu) {
  open({.cpus = 1});
  EXPECT_EQ(get(remote(sum_as_completed)(100)), 4950);
}

TEST_F(ClusterTest, AsCompletedOfObjectsMadeElsewhere) {
  open({.cpus = 2});
  const auto gate = actor<Gate>();
  auto refs = get(remote(handed_up)(50));
  refs.push_back(remote(pass)(gate, 1000));
  const auto inside = remote(sum_of_given)(refs);  // ours are elsewhere for the task
  gate.post(&Gate::open);
  EXPECT_EQ(get(inside), 1225 + 1000);
  EXPECT_EQ(sum_of_given(refs), 1225 + 1000);
}

TEST_F(ClusterTest, AsCompletedRefusesWhatMakesNoSense) {
  EXPECT_THROW(as_completed(std::vector<ObjectRef<int>>{}), InvalidArgument);  // no session
  open();
  EXPECT_THROW(as_completed(std::vector<ObjectRef<int>>(1)), InvalidArgument);
  const auto old = put(1);
  auto left_over = as_completed(std::vector{old, old});
  EXPECT_EQ(get(*left_over.begin()), 1);
  close();
  EXPECT_THROW(left_over.begin()++, InvalidArgument);
  open();
  EXPECT_THROW(as_completed(std::vector{put(2), old}), InvalidArgument);
}

TEST_F(ClusterTest, AsCompletedEndsWithTheSession) {
  open();
  const auto gate = actor<Gate>();
  const auto late = remote(pass)(gate, 1);
  auto unused = as_completed(std::vector{late});
  std::atomic<bool> waits = false;
  std::thread waiter([&] {
    auto completed = as_completed(std::vector{late, late});
    waits = true;
    EXPECT_THROW(completed.begin(), InvalidArgument);
  });
  EXPECT_TRUE(eventually([&] { return waits.load(); }));
  gate.kill();  // so that the session need not wait for the task
  store_is_not_checked();
  session().shutdown();
  waiter.join();
  EXPECT_THROW(unused.begin(), InvalidArgument);
}

TEST_F(ClusterTest, WaitChecksAllRefsButMovesThemOnlyOnce) {
  open();
  EXPECT_THROW(wait(std::vector{put(1), ObjectRef<int>()}), InvalidArgument);
  EXPECT_THROW(wait({put(1), ObjectRef<int>()}), InvalidArgument);
  EXPECT_THROW(wait(std::vector<AnyRef>{put(1), AnyRef()}), InvalidArgument);
  std::vector<ObjectRef<int>> pending;
  for (int i = 0; i < 100; ++i) pending.push_back(put(i));
  const auto copy = pending;
  std::vector<ObjectRef<int>> taken;
  for (std::size_t step = 1; !pending.empty(); step = step % 5 + 1) {
    auto result = wait(std::move(pending), {.num_ready = std::min(step, pending.size())});
    taken.insert(taken.end(), result.ready.begin(), result.ready.end());
    pending = std::move(result.pending);
  }
  EXPECT_EQ(taken, copy);
}

TEST_F(ClusterTest, WaitTakesOutOfTheMiddle) {
  open();
  const auto gate = actor<Gate>();
  const auto late = remote(pass)(gate, -1);
  std::vector<AnyRef> refs;
  for (int i = 0; i < 6; ++i) refs.push_back(i % 2 == 0 ? AnyRef(put(i)) : AnyRef(late));
  const auto copy = refs;
  const auto in_place = wait(std::move(refs), {.num_ready = 3});
  const auto copied = wait(copy, {.num_ready = 3});
  EXPECT_EQ(in_place.ready, (std::vector{copy[0], copy[2], copy[4]}));
  EXPECT_EQ(in_place.pending, (std::vector{copy[1], copy[3], copy[5]}));
  EXPECT_EQ(copied.ready, in_place.ready);
  EXPECT_EQ(copied.pending, in_place.pending);
  gate.post(&Gate::open);
}

// 100,000 refs at a cost that grows with their number would not end.
TEST_F(ClusterTest, AHundredThousandRefsOneByOne) {
  open();
  constexpr int kRefs = 100'000;
  long sum = 0;
  for (const auto& ref : as_completed(calls(kRefs))) sum += get(ref);
  EXPECT_EQ(sum, long{kRefs} * (kRefs - 1) / 2);
  std::size_t same_one = 0;
  for ([[maybe_unused]] const auto& ref : as_completed(std::vector(kRefs, remote(same)(1)))) {
    ++same_one;
  }
  EXPECT_EQ(same_one, std::size_t{kRefs});
  const std::vector ones(kRefs, remote(same)(1));
  EXPECT_EQ(get_each(ones).size(), ones.size());
  EXPECT_EQ(wait(ones, {.num_ready = kRefs}).ready.size(), ones.size());
}

}  // namespace
}  // namespace manta::testing
