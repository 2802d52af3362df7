// Tasks as a whole: unpacked results, nested tasks, options, context.
#include <atomic>
#include <cmath>
#include <string>
#include <thread>
#include <tuple>
#include <unistd.h>
#include <vector>

#include "cluster_fixture.h"

namespace manta::testing {
namespace {

class Tasks : public ClusterTest {};

// ---- unpack

std::tuple<int, int> divide(int a, int b) { return {a / b, a % b}; }
std::pair<std::string, std::vector<double>> labelled(int n) {
  return {"n", std::vector<double>(std::size_t(n), 2.0)};
}
std::tuple<int, std::string, Array<double>> mixed() { return {1, "two", arange<double>(100'000)}; }
std::tuple<MutableArray<double>, int> with_array() {
  auto a = zeros<double>(100'000);
  a[7] = 7;
  return {std::move(a), 1};
}
std::vector<std::string> parts(int n) { return std::vector<std::string>(std::size_t(n), "part"); }
std::vector<Array<double>> arrays(int n) {
  return std::vector<Array<double>>(std::size_t(n), arange<double>(50'000));
}
std::tuple<int, int> fails() { throw std::invalid_argument("no tuple"); }
int add(int a, int b) { return a + b; }

// Such calls have no warnings, as without `remote`.
float half(float x) { return x / 2; }
short twice(short x) { return static_cast<short>(2 * x); }
std::size_t count(std::size_t n) { return n; }

TEST_F(Tasks, ConstantsMeetParametersAsInACall) {
  open();
  EXPECT_EQ(get(remote(half)(1)), 0.5f);
  EXPECT_EQ(get(remote(twice)(2)), 4);
  EXPECT_EQ(get(remote(count)(3)), 3u);
}

TEST_F(Tasks, UnpackATuple) {
  open();
  auto [q, r] = remote(divide).unpack()(7, 2);
  EXPECT_EQ(get(q), 3);
  EXPECT_EQ(get(r), 1);
  EXPECT_EQ(get(remote(add)(q, r)), 4);
  auto [label, data] = remote(labelled).unpack()(3);
  EXPECT_EQ(get(label), "n");
  EXPECT_EQ(get(data).size(), 3u);
  auto [one, two, array] = remote(mixed).unpack()();
  EXPECT_EQ(get(two), "two");
  EXPECT_EQ(get(array)[99'999], 99'999);
  EXPECT_EQ(get(one), 1);
}

TEST_F(Tasks, UnpackATupleOfMutableArrays) {
  open();
  auto [array, n] = remote(with_array).unpack()();
  const Array<double> a = get(array);
  EXPECT_EQ(a[7], 7);
  EXPECT_EQ(get(n), 1);
}

TEST_F(Tasks, UnpackAVector) {
  open();
  const auto refs = remote(parts).unpack(3)(3);
  ASSERT_EQ(refs.size(), 3u);
  EXPECT_EQ(get(refs), std::vector<std::string>(3, "part"));
  const auto big = remote(arrays).unpack(4)(4);
  EXPECT_EQ(get(big[3])[49'999], 49'999);
  EXPECT_TRUE(remote(parts).unpack(0)(0).empty());
}

TEST_F(Tasks, UnpackThousandsOfElements) {
  open();
  const auto refs = remote(parts).unpack(3000)(3000);
  ASSERT_EQ(refs.size(), 3000u);
  EXPECT_EQ(get(refs), std::vector<std::string>(3000, "part"));
  const auto fails = [](int n) -> std::vector<int> { throw n; };
  for (const auto& ref : remote(fails).unpack(3000)(1)) EXPECT_THROW(get(ref), TaskError);
}

std::tuple<int> single() { return {7}; }

TEST_F(Tasks, UnpackOfASinglePartGivesThatPart) {
  open();
  EXPECT_EQ(get(remote(parts).unpack(1)(1)[0]), "part");
  auto [only] = remote(single).unpack()();
  EXPECT_EQ(get(only), 7);
}

TEST_F(Tasks, UnpackOfAnotherLengthIsAnErrorInEachRef) {
  open();
  for (const auto& ref : remote(parts).unpack(3)(2)) {
    try {
      get(ref);
      FAIL() << "two elements were taken for three";
    } catch (const InvalidArgument& error) {
      EXPECT_NE(std::string(error.what()).find('3'), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find('2'), std::string::npos) << error.what();
    }
  }
}

TEST_F(Tasks, AnErrorIsInEachUnpackedRef) {
  open();
  auto [a, b] = remote(fails).unpack()();
  EXPECT_THROW(get(a), std::invalid_argument);
  EXPECT_THROW(get(b), std::invalid_argument);
}

// ---- nested tasks

int depth(int n) { return n == 0 ? 0 : 1 + get(remote(depth)(n - 1)); }
int fibonacci(int n) {
  if (n < 2) return n;
  const auto a = remote(fibonacci)(n - 1), b = remote(fibonacci)(n - 2);
  return get(a) + get(b);
}
double outer(const ObjectRef<double>& x) {
  return get(remote([](double y) { return std::sqrt(y); })(x));
}
ObjectRef<int> begin_work(int x) { return remote(add)(x, 1); }
std::vector<ObjectRef<int>> begin_many(int n) {
  std::vector<ObjectRef<int>> refs;
  for (int i = 0; i < n; ++i) refs.push_back(remote(add)(i, i));
  return refs;
}

TEST_F(Tasks, ATaskCallsTasks) {
  open();
  EXPECT_EQ(get(remote(outer)(put(16.0))), 4.0);
  EXPECT_EQ(get(remote(fibonacci)(8)), 21);
}

TEST_F(Tasks, ABlockedTaskLendsItsCpu) {
  open({.cpus = 1});
  EXPECT_EQ(get(remote(depth)(20)), 20);
}

TEST_F(Tasks, NestedTasksOnOneCpuInParallel) {
  open({.cpus = 1});
  EXPECT_EQ(get(remote(fibonacci)(6)), 8);
}

TEST_F(Tasks, ATaskWaitsWithWait) {
  open({.cpus = 1});
  const auto f = remote([](int n) {
    const auto refs = begin_many(n);
    return wait(refs, {.num_ready = refs.size()}).ready.size();
  });
  EXPECT_EQ(get(f(20)), 20u);
}

TEST_F(Tasks, ATaskReturnsARefToATaskOfItsOwn) {
  open();
  const ObjectRef<ObjectRef<int>> nested = remote(begin_work)(4);
  EXPECT_EQ(get(get(nested)), 5);
  const auto refs = get(remote(begin_many)(50));
  const auto values = get(refs);
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i], int(2 * i));
}

TEST_F(Tasks, ThreadsOfATaskCallTasks) {
  open();
  const auto f = remote([] {
    std::atomic<int> sum{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&, i] { sum += get(remote(add)(i, 1)); });
    for (auto& thread : threads) thread.join();
    return sum.load();
  });
  EXPECT_EQ(get(f()), 10);
}

TEST_F(Tasks, ManyThreadsOfTheDriverCall) {
  open();
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) wrong += get(remote(add)(t, i)) != t + i;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// ---- options

std::string name_of_task() { return this_task().name(); }
double cpus_of_task() { return this_task().cpus(); }

TEST_F(Tasks, TheNameIsTheFunctionsOrTheGivenOne) {
  open();
  EXPECT_NE(get(remote(name_of_task)()).find("name_of_task"), std::string::npos)
      << get(remote(name_of_task)());
  EXPECT_EQ(get(remote(name_of_task, {.name = "load"})()), "load");
  EXPECT_NE(get(remote<name_of_task>()).find("name_of_task"), std::string::npos)
      << get(remote<name_of_task>());
  EXPECT_EQ(get(remote(name_of_task, {.name = std::string(1024, 'n')})()).size(), 1024u);
  EXPECT_THROW((void)remote(name_of_task, {.name = std::string(1025, 'n')})(), InvalidArgument);
}

TEST_F(Tasks, CpusMayBeZeroOrAFraction) {
  open({.cpus = 1});
  EXPECT_EQ(get(remote(cpus_of_task)()), 1);
  EXPECT_EQ(get(remote(cpus_of_task, {.cpus = 0})()), 0);
  EXPECT_EQ(get(remote(cpus_of_task, {.cpus = 0.25})()), 0.25);
}

TEST_F(Tasks, FractionsRunTogetherOnOneCpu) {
  open({.cpus = 1});
  // Each waits in user code until the other has begun: together, or never.
  const auto meet = [](int mine, int other, const std::string& directory) {
    const auto file = [&](int i) { return directory + "/begun" + std::to_string(i); };
    if (std::FILE* f = std::fopen(file(mine).c_str(), "w")) std::fclose(f);
    return eventually([&] { return ::access(file(other).c_str(), F_OK) == 0; });
  };
  for (const double cpus : {0.5, 0.0}) {
    const auto directory = session().directory() / std::to_string(cpus);
    std::filesystem::create_directory(directory);
    const auto f = remote(meet, {.cpus = cpus});
    const auto a = f(1, 2, directory.string()), b = f(2, 1, directory.string());
    EXPECT_TRUE(get(a));
    EXPECT_TRUE(get(b));
  }
}

TEST_F(Tasks, NegativeCpusAreRefusedAtTheCall) {
  open();
  EXPECT_THROW((void)remote(add, {.cpus = -1})(1, 2), InvalidArgument);
  EXPECT_THROW((void)remote(add, {.cpus = std::nan("")})(1, 2), InvalidArgument);
  EXPECT_THROW((void)remote(add, {.max_retries = -2})(1, 2), InvalidArgument);
  EXPECT_THROW((void)remote(add, {.resources = {{"gadget", -1}}})(1, 2), InvalidArgument);
}

void expect_unschedulable(const ObjectRef<int>& ref, const std::string& resource) {
  try {
    get(ref);
    FAIL() << "it ran";
  } catch (const Unschedulable& error) {
    EXPECT_NE(std::string(error.what()).find(resource), std::string::npos) << error.what();
  }
}

TEST_F(Tasks, WhatNoNodeCanEverRunIsUnschedulable) {
  open({.cpus = 2, .resources = {{"gadget", 1}}});
  expect_unschedulable(remote(add, {.cpus = 3})(1, 2), "CPU");
  expect_unschedulable(remote(add, {.resources = {{"gadget", 2}}})(1, 2), "gadget");
  expect_unschedulable(remote(add, {.resources = {{"unheard-of", 1}}})(1, 2), "unheard-of");
  EXPECT_EQ(get(remote(add, {.cpus = 2, .resources = {{"gadget", 1}}})(1, 2)), 3);
  EXPECT_EQ(get(remote(add, {.resources = {{"gadget", 0.5}}})(1, 2)), 3);
}

// ---- context

TEST_F(Tasks, ThisTask) {
  open();
  struct Seen {
    std::string id, job, node;
    int attempt;
  };
  const auto look = remote([] {
    const auto task = this_task();
    return Seen{task.id().hex(), task.job().hex(), task.node().hex(), task.attempt()};
  });
  const auto a = get(look()), b = get(look());
  EXPECT_NE(a.id, b.id);
  EXPECT_EQ(a.job, session().job().hex());
  EXPECT_EQ(a.node, cluster().nodes.at(0).id.hex());
  EXPECT_EQ(a.attempt, 1);
}

TEST_F(Tasks, ThisTaskInsideANestedGetIsStillTheOuterOne) {
  open({.cpus = 1});
  const auto f = remote([] {
    const auto before = this_task().id();
    get(remote(add)(1, 2));
    return before == this_task().id();
  });
  EXPECT_TRUE(get(f()));
}

TEST_F(Tasks, OutsideOfATaskThereIsNone) {
  open();
  EXPECT_THROW((void)this_task(), InvalidArgument);
  EXPECT_THROW((void)this_actor(), InvalidArgument);
  EXPECT_THROW(get(remote([] { (void)this_actor(); })()), InvalidArgument);
}

TEST_F(Tasks, DroppingARefDoesNotCancelTheTask) {
  open();
  const auto file = (session().directory() / "ran").string();
  (void)remote([](const std::string& path) { std::fclose(std::fopen(path.c_str(), "w")); })(file);
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(file); }));
}

TEST_F(Tasks, TheSessionEndsWhileTasksWaitAndRun) {
  store_is_not_checked();
  open();
  std::vector<ObjectRef<int>> refs;
  for (int i = 0; i < 100; ++i) {
    refs.push_back(remote([](int x) {
      for (;;) ::pause();
      return x;
    })(i));
  }
  close();
  EXPECT_THROW(get(refs[0]), InvalidArgument);
}

}  // namespace
}  // namespace manta::testing
