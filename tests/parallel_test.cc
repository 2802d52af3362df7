// map, map_reduce and parallel_for: every element once, results in order, the first error with its index.
#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include <manta/manta.h>
#include <manta/parallel.h>

#include "cluster_fixture.h"
#include "error_of.h"
#include "gate.h"

namespace manta::testing {
namespace {

using std::views::iota;
using ::testing::AllOf;
using ::testing::HasSubstr;

int square(int x) { return x * x; }
std::string comma(int x) { return std::to_string(x) + ","; }
int fails_if_odd(int n) {
  if (n % 2 != 0) throw std::out_of_range("number " + std::to_string(n));
  return n;
}
double half(const double& x) { return x / 2; }

struct Tally {  // what the elements of a test did
  std::vector<int> seen;
  void add(int x) { seen.push_back(x); }
  std::vector<int> all() const { return seen; }
};

std::string joined(int n) {
  std::string text;
  for (int i = 0; i < n; ++i) text += comma(i);
  return text;
}

TEST_F(ClusterTest, MapGivesTheResultsInTheOrderOfTheElements) {
  open();
  std::vector<int> expected;
  for (int i = 0; i < 1000; ++i) expected.push_back(i * i);
  for (const std::size_t grain : {0u, 1u, 7u, 5000u}) {
    const auto refs = map(square, iota(0, 1000), {.grain = grain});
    static_assert(std::is_same_v<decltype(refs), const std::vector<ObjectRef<int>>>);
    EXPECT_EQ(get(refs), expected) << grain;
  }
}

TEST_F(ClusterTest, MapTakesWhatRemoteTakesAndWhatIsGeneric) {
  open();
  const auto sum = [](auto&& refs) {
    long all = 0;
    for (const auto value : get(refs)) all += value;
    return all;
  };
  int by = 3;
  EXPECT_EQ(sum(map([by](int x) { return by * x; }, iota(0, 4))), 18);
  EXPECT_EQ(sum(map([](auto x) { return x; }, iota(0L, 4L))), 6);
  EXPECT_EQ(sum(map([n = 0](int x) mutable { return x + n++; }, iota(0, 4), {.grain = 4})), 6);
  EXPECT_EQ(sum(map(named<"triple">([](int x) { return 3 * x; }), iota(0, 4))), 18);
  EXPECT_EQ(sum(map(square, std::pair(0, std::size_t{4}))), 14);
  const auto length = capture(
      [](const std::string& a, const std::string& b) { return (a + b).size(); }, std::string("ab"));
  EXPECT_EQ(sum(map(length, std::vector<std::string>{"c", "", "defg"})), 11);
  EXPECT_EQ(get(map(half, Array<double>(full<double>(10, 1))))[9], 0.5);
  get(map([](int) {}, iota(0, 10)));  // of void
}

TEST_F(ClusterTest, MapKeepsResultsThatAreArraysOrText) {
  open();
  const auto rows = map([](int n) { return full<int>(20'000, n); }, iota(0, 4), {.grain = 2});
  static_assert(std::is_same_v<decltype(rows), const std::vector<ObjectRef<Array<int>>>>);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(get(rows[static_cast<std::size_t>(i)])[19'999], i);
  EXPECT_EQ(get(map([](int) -> std::string_view { return "text"; }, iota(0, 2)))[1], "text");
}

TEST_F(ClusterTest, AnElementThatFailsLeavesTheOthersOfItsTaskAlone) {
  open();
  for (const std::size_t grain : {0u, 10u}) {
    const auto refs = map(fails_if_odd, iota(0, 100), {.grain = grain});
    const auto outcomes = get_each(refs);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      ASSERT_EQ(outcomes[i].has_value(), i % 2 == 0) << i;
      if (outcomes[i]) continue;
      EXPECT_THAT(error_of<std::out_of_range>([&] { get(refs[i]); }),
                  AllOf(HasSubstr("number " + std::to_string(i)),
                        HasSubstr("thrown in manta::testing::fails_if_odd")));
    }
    EXPECT_THAT(error_of<TaskError>([&] { get(refs); }), HasSubstr("index 1 of 100 refs"));
  }
}

TEST_F(ClusterTest, ReducesInTheOrderOfTheElements) {
  open();
  for (const std::size_t grain : {0u, 1u, 7u, 5000u}) {
    const ParallelOptions options{.grain = grain};
    EXPECT_EQ(map_reduce(iota(0, 1000), comma, std::plus<>(), options), joined(1000)) << grain;
    EXPECT_EQ(map_reduce(iota(0, 1000), comma, std::plus<>(), "all: ", options),
              "all: " + joined(1000))
        << grain;
  }
}

TEST_F(ClusterTest, ReducesWithAnInitialValueOfAnotherType) {
  open();
  const Array<double> ones = full<double>(100'000, 1);
  EXPECT_EQ(map_reduce(ones, half, std::plus<>()), 50'000);
  EXPECT_EQ(map_reduce(ones, half, std::plus<>(), 7), 50'007);
  EXPECT_EQ(map_reduce(std::vector<int>(), square, std::plus<>(), 7), 7);
  int least = 5;
  const auto at_least = [least](int a, int b) { return std::max({least, a, b}); };
  EXPECT_EQ(map_reduce(iota(0, 3), square, at_least), 5);
  EXPECT_THAT(error_of<InvalidArgument>([] { map_reduce(iota(0, 0), square, std::plus<>()); }),
              HasSubstr("give an initial value"));
}

TEST_F(ClusterTest, RunsEachElementOnce) {
  open();
  const auto tally = actor<Tally>();
  const auto add =
      capture([](ActorHandle<Tally> to, int x) { get(to.call(&Tally::add, x)); }, tally);
  parallel_for(iota(0, 200), add);
  parallel_for(iota(0, 200), add, {.grain = 3});
  auto seen = get(tally.call(&Tally::all));
  std::ranges::sort(seen);
  std::vector<int> expected;
  for (int i = 0; i < 400; ++i) expected.push_back(i / 2);
  EXPECT_EQ(seen, expected);
}

TEST_F(ClusterTest, OfAnEmptyRangeNothingRuns) {
  open();
  parallel_for(iota(0, 0), [](int) { throw std::runtime_error("never"); });
  EXPECT_TRUE(map(square, std::vector<int>()).empty());
  EXPECT_THROW(parallel_for(iota(0, 0), [](int) {}, {.task = {.cpus = -1}}), InvalidArgument);
}

TEST_F(ClusterTest, TheErrorOfTheFirstElementIsThrownWithItsIndex) {
  open();
  const auto check = [](int n) { (void)fails_if_odd(n < 1234 ? 0 : n); };
  for (const std::size_t grain : {0u, 1u, 100u}) {
    EXPECT_THAT(error_of<std::out_of_range>(
                    [&] { parallel_for(iota(0, 10'000), check, {.grain = grain}); }),
                AllOf(HasSubstr("number 1235"), HasSubstr("element 1235 of manta::parallel_for()")))
        << grain;
    EXPECT_THAT(error_of<std::out_of_range>([&] {
                  map_reduce(iota(0, 10'000), fails_if_odd, std::plus<>(), {.grain = grain});
                }),
                HasSubstr("element 1 of manta::map_reduce() <- manta::testing::fails_if_odd"))
        << grain;
  }
}

TEST_F(ClusterTest, AnEarlierElementThatFailsLaterIsTheFirst) {
  open();
  const auto gate = actor<Gate>();
  const auto fail = capture(
      [](ActorHandle<Gate> at, int n) {
        if (n == 2) wait_at(at);
        if (n == 5) get(at.call(&Gate::open));
        if (n == 2 || n == 5) throw std::invalid_argument("number " + std::to_string(n));
      },
      gate);
  EXPECT_THAT(
      error_of<std::invalid_argument>([&] { parallel_for(iota(0, 8), fail, {.grain = 1}); }),
      HasSubstr("element 2 of"));
}

TEST_F(ClusterTest, AfterAFailureNothingIsSubmittedAndNobodyWaitsForLaterElements) {
  open();
  const auto gate = actor<Gate>();
  const auto tally = actor<Tally>();
  const auto wait_or_fail = capture(
      [](ActorHandle<Gate> at, ActorHandle<Tally> to, int n) {
        if (n == 0) throw std::invalid_argument("the first");
        get(to.call(&Tally::add, n));
        wait_at(at);
      },
      gate, tally);
  EXPECT_THROW(parallel_for(iota(0, 1000), wait_or_fail, {.grain = 1}), std::invalid_argument);
  get(gate.call(&Gate::open));
  EXPECT_LE(get(tally.call(&Tally::all)).size(), 8u);
}

TEST_F(ClusterTest, AfterAFailureLaterElementsThatRunAreAskedToEnd) {
  open();
  const auto tally = actor<Tally>();
  const auto fail_or_go_on = capture(
      [](ActorHandle<Tally> to, int n) {
        if (n == 0) {
          while (get(to.call(&Tally::all)).empty()) std::this_thread::yield();
          throw std::invalid_argument("the first");
        }
        get(to.call(&Tally::add, n));
        while (!this_task().cancelled()) std::this_thread::yield();
        get(to.call(&Tally::add, -n));
      },
      tally);
  EXPECT_THROW(parallel_for(iota(0, 1000), fail_or_go_on, {.grain = 1}), std::invalid_argument);
  EXPECT_TRUE(eventually([&] {
    const auto all = get(tally.call(&Tally::all));
    return std::any_of(all.begin(), all.end(), [](int n) { return n < 0; });
  }));
}

TEST_F(ClusterTest, ACrashSaysWhichElementsItTookAlong) {
  open();
  const auto crash = [](int n) {
    if (n == 6) ::raise(SIGKILL);
  };
  const ParallelOptions in_fours{.grain = 4, .task = {.max_retries = 0}};
  EXPECT_THAT(error_of<WorkerCrashed>([&] { parallel_for(iota(0, 16), crash, in_fours); }),
              HasSubstr("elements 4 to 7 of manta::parallel_for()"));
  const auto refs = map(crash, iota(0, 16), {.grain = 1, .task = {.max_retries = 0}});
  const auto outcomes = get_each(refs);
  for (std::size_t i = 0; i < outcomes.size(); ++i) EXPECT_EQ(outcomes[i].has_value(), i != 6) << i;
}

TEST_F(ClusterTest, ATaskThatCrashedRunsAgain) {
  open();
  const auto crash_once = [](int n) {
    if (n == 6 && this_task().attempt() == 1) ::raise(SIGKILL);
    return n;
  };
  EXPECT_EQ(map_reduce(iota(0, 16), crash_once, std::plus<>(), {.grain = 4}), 120);
}

TEST_F(ClusterTest, SlicesOfAnArrayAreThoseOfTheStore) {
  open();
  const Array<double> array = full<double>(100'000, 1);
  const auto write = [](const double& x) { const_cast<double&>(x) = 2; };
  EXPECT_THAT(error_of<ReadOnlyWrite>([&] { parallel_for(array, write, {.grain = 50'000}); }),
              HasSubstr("of manta::parallel_for()"));
  EXPECT_EQ(array[0], 1);
}

TEST_F(ClusterTest, WhatWaitsBehindALongTaskGoesToAnIdleWorker) {
  open({.cpus = 2});
  const auto file = session().directory() / "the last element has run";
  const auto wait_for_the_last = capture(
      [](const std::filesystem::path& last, int n) {
        while (n == 0 && !exists(last)) std::this_thread::yield();  // without lending its CPU
        if (n == 5) std::ofstream(last).put('x');
      },
      file);
  get(map(wait_for_the_last, iota(0, 6), {.grain = 2}));
  EXPECT_TRUE(exists(file));
}

TEST_F(ClusterTest, TasksMayMapAndReduceInTheirTurn) {
  open();
  const auto table = [](int n) {
    return map_reduce(
        iota(0, n), [n](int x) { return n * x; }, std::plus<>(), 0);
  };
  EXPECT_EQ(map_reduce(iota(0, 30), table, std::plus<>()), [] {
    int sum = 0;
    for (int n = 0; n < 30; ++n) sum += n * n * (n - 1) / 2;
    return sum;
  }());
  const auto squares = [](int n) { return map(square, iota(0, n)); };
  EXPECT_EQ(get(get(remote(squares)(10)))[9], 81);
}

TEST_F(ClusterTest, ShowsItsProgressWhenAsked) {
  open();
  ::testing::internal::CaptureStderr();
  parallel_for(iota(0, 500), [](int) {}, {.progress = "looping"});
  const auto refs = map(fails_if_odd, iota(0, 500), {.progress = "mapping"});
  for (const auto& ref : refs) EXPECT_TRUE(ref.ready());
  parallel_for(iota(0, 500), [](int) {});
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("looping  ["), HasSubstr("100 % 500/500"), HasSubstr("mapping  [")));
  (void)get_each(refs);
}

TEST_F(ClusterTest, WhatCannotTravelIsRefused) {
  open();
  int local = 0;
  const auto writes = [&local](int n) { local += n; };
  EXPECT_THAT(error_of<InvalidArgument>([&] { parallel_for(iota(0, 3), writes); }),
              HasSubstr("capture"));
  double (*const sine)(double) = std::sin;
  EXPECT_THROW(map(sine, std::vector<double>{1, 2}), InvalidArgument);
  EXPECT_THROW(map(half, Array<double>(zeros<double>(2, 3))), InvalidArgument);
}

TEST(Parallel, NeedsASession) {
  EXPECT_THROW(parallel_for(iota(0, 3), [](int) {}), InvalidArgument);
  EXPECT_THROW(map(square, iota(0, 3)), InvalidArgument);
  EXPECT_THROW(map_reduce(iota(0, 0), square, std::plus<>(), 1), InvalidArgument);
}

}  // namespace
}  // namespace manta::testing
