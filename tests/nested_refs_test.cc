// References inside values, across processes: who keeps what alive.
#include <chrono>
#include <map>
#include <signal.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <manta/manta.h>

#include "cluster_fixture.h"
#include "gate.h"
#include "node_records.h"

namespace manta::testing {
namespace {

using RefMap = std::map<std::string, std::vector<ObjectRef<int>>>;
using Arrays = std::vector<ObjectRef<Array<int>>>;

int sum_of(const RefMap& map) {
  int sum = 0;
  for (const auto& [name, refs] : map) {
    for (const int value : get(refs)) sum += value;
  }
  return sum;
}
RefMap with_one_more(RefMap map, int value) {
  map["new"].push_back(put(value));
  return map;
}
int twice(int n) { return 2 * n; }
int own_pid() { return ::getpid(); }
Array<int> make_array(int n) { return arange<int>(std::size_t(n)); }

// Takes memory that was freed too early, if there is any.
void churn() {
  for (int i = 0; i < 10; ++i) put(full<int>(200'000, -1));
}

TEST_F(ClusterTest, RefsInContainersAreUsedAndReturned) {
  open();
  RefMap map{{"a", {put(1), remote(twice)(1)}}, {"b", {put(3)}}, {"empty", {}}};
  EXPECT_EQ(get(remote(sum_of)(map)), 6);
  auto more = remote(with_one_more)(map, 10);
  EXPECT_EQ(get(remote(sum_of)(more)), 16);
  RefMap got = get(more);
  EXPECT_TRUE(got["a"][0] == map["a"][0]);
  map.clear();
  more = {};
  EXPECT_EQ(sum_of(got), 16);
  auto stored = put(got);
  got.clear();
  EXPECT_EQ(get(remote(sum_of)(stored)), 16);
  EXPECT_EQ(sum_of(get(stored)), 16);
}

TEST_F(ClusterTest, RefsInStoredValuesKeepTheirArrays) {
  open();
  const auto before = store_bytes_used();
  {
    auto stored = put(Arrays{put(arange<int>(200'000)), remote(make_array)(200'000)});
    const auto last_of = [](const Arrays& arrays) {
      int sum = 0;
      for (const auto& array : get(arrays)) sum += array[199'999];
      return sum;
    };
    churn();
    EXPECT_EQ(get(remote(last_of)(stored)), 2 * 199'999);
    churn();
    Array<int> kept;
    {
      const auto arrays = get(stored);
      kept = get(arrays[1]);
    }
    stored = {};
    churn();
    EXPECT_EQ(kept[199'999], 199'999);
  }
  EXPECT_TRUE(eventually([&] { return store_bytes_used() <= before; }));
}

TEST_F(ClusterTest, RefPassedUnresolvedIsGotInTheTask) {
  open();
  const auto get_it = [](ObjectRef<Array<int>> ref) { return get(ref)[5]; };
  EXPECT_EQ(get(remote(get_it)(put(arange<int>(100'000)))), 5);
  EXPECT_EQ(get(remote(get_it)(put(arange<int>(10)))), 5);
  EXPECT_EQ(get(remote(get_it)(remote(make_array)(100'000))), 5);
  EXPECT_EQ(get(remote(get_it)(remote(make_array)(10))), 5);
  const auto give_back = [](ObjectRef<int> ref) { return ref; };
  auto ref = put(3);
  EXPECT_TRUE(get(remote(give_back)(ref)) == ref);
}

TEST_F(ClusterTest, ArrayGotInATaskOutlivesItsRefThere) {
  open();
  const auto keep = [](ObjectRef<Array<int>> ref) {
    Array<int> array = get(ref);
    ref = {};
    churn();
    return array[199'999];
  };
  auto first = put(arange<int>(200'000));
  auto kept = remote(keep)(first);
  first = {};
  EXPECT_EQ(get(kept), 199'999);
  const auto give = [](ObjectRef<Array<int>> ref) { return get(ref); };
  auto array = get(remote(give)(put(arange<int>(200'000))));
  churn();
  EXPECT_EQ(array[199'999], 199'999);
}

TEST_F(ClusterTest, ObjectsPutByAWorkerOutliveIt) {
  open();
  struct Made {
    int pid;
    ObjectRef<Array<int>> large;
    ObjectRef<std::string> small;
  };
  const auto make = [] { return Made{::getpid(), put(arange<int>(200'000)), put("small")}; };
  Made made = get(remote(make)());
  ::kill(made.pid, SIGKILL);
  EXPECT_TRUE(eventually([&] { return ::kill(made.pid, 0) != 0; }));
  churn();
  EXPECT_EQ(get(made.large)[199'999], 199'999);
  EXPECT_EQ(get(made.small), "small");
  const auto read = [](const Made& m) { return get(m.small) + std::to_string(get(m.large)[3]); };
  EXPECT_EQ(get(remote(read)(made)), "small3");
}

TEST_F(ClusterTest, ResultsOutliveTheWorkerThatMadeThem) {
  open();
  auto array = remote(make_array)(200'000);
  auto pid = remote(own_pid)();
  wait({array});
  ::kill(get(pid), SIGKILL);
  EXPECT_TRUE(eventually([&] { return ::kill(get(pid), 0) != 0; }));
  churn();
  EXPECT_EQ(get(array)[199'999], 199'999);
  EXPECT_EQ(get(remote([](const Array<int>& a) { return a[2]; })(array)), 2);
}

TEST_F(ClusterTest, PendingObjectsAreReturned) {
  open({.cpus = 3});
  const auto start = [] {
    std::vector<ObjectRef<int>> refs;
    for (int i = 0; i < 10; ++i) refs.push_back(remote(twice)(i));
    return refs;
  };
  auto refs = get(remote(start)());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(get(refs[std::size_t(i)]), 2 * i);
  const auto start_array = [] { return remote(make_array)(200'000); };
  auto array = get(get(remote(start_array)()));
  churn();
  EXPECT_EQ(array[199'999], 199'999);
}

struct Owner {
  ObjectRef<int> start_something_endless() {
    return remote([] {
      for (;;) ::pause();
      return 1;
    })();
  }
  std::vector<ObjectRef<int>> start_chain() {
    auto first = start_something_endless();
    return {first, remote(twice)(first)};
  }
  int pid() const { return ::getpid(); }
};

struct Arrivals {
  void add() { ++count_; }
  int count() const { return count_; }
  int count_ = 0;
};

int wait_for_second(ActorHandle<Arrivals> arrivals, const std::vector<ObjectRef<int>>& refs) {
  get(arrivals.call(&Arrivals::add));
  return get(refs[1]);
}

struct Waiter {
  int wait(ActorHandle<Arrivals> arrivals, const std::vector<ObjectRef<int>>& refs) {
    return wait_for_second(std::move(arrivals), refs);
  }
};

// All that wait, wherever they do: a hang of one would be a GetTimeout.
TEST_F(ClusterTest, PendingObjectsOfADeadProcessHoldOwnerDied) {
  using namespace std::chrono_literals;
  open({.cpus = 6});
  auto owner = actor<Owner>();
  auto arrivals = actor<Arrivals>();
  auto waiter = actor<Waiter>();
  const auto refs = get(owner.call(&Owner::start_chain));
  const auto in_task = remote(wait_for_second)(arrivals, refs);
  const auto in_actor = waiter.call(&Waiter::wait, arrivals, refs);
  const auto dependent = remote(twice)(refs[1]);
  std::vector<std::thread> in_driver;
  for (const auto& ref : {refs[0], refs[1], dependent}) {
    in_driver.emplace_back([ref] { EXPECT_THROW(get(ref, 10s), OwnerDied); });
  }
  ASSERT_TRUE(eventually([&] { return get(arrivals.call(&Arrivals::count)) == 2; }));
  const int pid = get(owner.call(&Owner::pid));
  ::kill(pid, SIGKILL);
  for (auto& thread : in_driver) thread.join();
  EXPECT_THROW(get(in_task, 10s), OwnerDied);
  EXPECT_THROW(get(in_actor, 10s), OwnerDied);
  EXPECT_THROW(get(remote(twice)(refs[1]), 10s), OwnerDied);
  // As long as a call of the dead owner runs, which this one does for ever, what the owner held is kept for it.
  node_records_are_not_checked();
}

TEST_F(ClusterTest, ErrorsInsideValuesTravel) {
  open();
  const auto fails = [](int) -> int { throw std::domain_error("inner"); };
  auto stored = put(std::vector{remote(fails)(1), put(1)});
  const auto get_first = [](const std::vector<ObjectRef<int>>& v) { return get(v[0]); };
  EXPECT_THROW(get(remote(get_first)(stored)), std::domain_error);
  EXPECT_THROW(get(get(stored)[0]), std::domain_error);
  const auto start = [] {
    return std::vector{remote([](int) -> int { throw std::domain_error("worker"); })(1)};
  };
  EXPECT_THROW(get(get(remote(start)())[0]), std::domain_error);
}

TEST_F(ClusterTest, LargeValuesWithRefs) {
  open();
  struct Large {
    std::vector<std::string> texts;
    std::vector<ObjectRef<int>> refs;
    Array<int> array;
    ObjectRef<Array<int>> nested;
  };
  const auto make = [](int n) {
    Large large{std::vector<std::string>(std::size_t(n), std::string(100, 'x')),
                {},
                arange<int>(100'000),
                put(arange<int>(100'000))};
    for (int i = 0; i < n; ++i) large.refs.push_back(put(i));
    return large;
  };
  const auto check = [](const Large& large) {
    std::size_t sum = 0;
    for (const auto& text : large.texts) sum += text.size();
    for (const int i : get(large.refs)) sum += std::size_t(i);
    return sum + std::size_t(large.array[99'999]) + std::size_t(get(large.nested)[99'999]);
  };
  const std::size_t expected = 1000 * 100 + 1000 * 999 / 2 + 2 * 99'999;
  auto made = remote(make)(1000);  // a result of more than 64 KiB
  EXPECT_EQ(get(remote(check)(made)), expected);
  auto got = get(made);
  made = {};
  churn();
  EXPECT_EQ(check(got), expected);
  EXPECT_EQ(get(remote(check)(got)), expected);
  auto in_node = put(std::vector{put(got)});  // an object whose value is in the node
  const auto check_nested = [check](const std::vector<ObjectRef<Large>>& v) {
    return check(get(v[0]));
  };
  EXPECT_EQ(get(remote(check_nested)(in_node)), expected);
  got = {};
  churn();
  EXPECT_EQ(get(remote(check_nested)(in_node)), expected);
  EXPECT_EQ(check(get(get(in_node)[0])), expected);
}

TEST_F(ClusterTest, ArgumentsThatAreReturnedStayOnce) {
  open();
  const auto same = [](const Array<int>& a) { return a; };
  const auto two = [](const Array<int>& a) { return std::pair(a, a.slice(0, 100)); };
  auto ref = put(arange<int>(300'000));
  const auto with_one = store_bytes_used();
  auto back = remote(same)(ref);
  auto pair = get(remote(two)(back));
  EXPECT_EQ(store_bytes_used(), with_one);
  EXPECT_TRUE(same_storage(pair.first, get(ref)));
  EXPECT_TRUE(same_storage(pair.first, pair.second));
  ref = {};
  back = {};
  churn();
  EXPECT_EQ(pair.first[299'999], 299'999);
  // Through two levels: what a nested task returns of an argument of the outer one.
  const auto outer = [same](const Array<int>& a) { return get(remote(same)(a)); };
  auto array = get(remote(outer)(arange<int>(300'000)));
  churn();
  EXPECT_EQ(array[299'999], 299'999);
  const auto outer_ref = [same](const Array<int>& a) { return remote(same)(a); };
  auto inner = get(remote(outer_ref)(arange<int>(300'000)));
  churn();
  EXPECT_EQ(get(inner)[299'999], 299'999);
}

TEST_F(ClusterTest, ResultsThatShareABlock) {
  open();
  const auto parts = [] {
    Array<int> whole = arange<int>(300'000);
    return std::tuple(whole.slice(0, 100'000), whole.slice(100'000, 300'000), whole);
  };
  auto [a, b, c] = remote(parts).unpack()();
  auto first = get(a);
  a = {};
  auto second = get(b);
  b = {};
  churn();
  EXPECT_EQ(first[99'999], 99'999);
  c = {};
  churn();
  EXPECT_EQ(second[199'999], 299'999);
}

TEST_F(ClusterTest, ArrayInAResultAndInAnObjectOfTheWorker) {
  open();
  const auto both = [] {
    Array<int> array = arange<int>(300'000);
    return std::pair(array, put(array));
  };
  auto pair = get(remote(both)());
  auto ref = pair.second;
  auto array = pair.first;
  pair = {};
  churn();
  EXPECT_EQ(get(ref)[299'999], 299'999);
  ref = {};
  churn();
  EXPECT_EQ(array[299'999], 299'999);
}

TEST_F(ClusterTest, ArgumentUsedBeyondItsCall) {
  open({.cpus = 3});
  // The outer task ends while a task that it started still uses its argument.
  const auto slow = [](ActorHandle<Gate> gate, const Array<int>& a) {
    wait_at(gate);
    return a[a.size() - 1];
  };
  auto gate = actor<Gate>();
  const auto outer = [slow](ActorHandle<Gate> g, const Array<int>& a) {
    return remote(slow)(g, a);
  };
  auto inner = get(remote(outer)(gate, arange<int>(300'000)));
  const auto outer_ref = [slow](ActorHandle<Gate> g, ObjectRef<Array<int>> a) {
    return remote(slow)(g, a);
  };
  auto inner_ref = get(remote(outer_ref)(gate, put(arange<int>(400'000))));
  churn();
  gate.post(&Gate::open);
  EXPECT_EQ(get(inner), 299'999);
  EXPECT_EQ(get(inner_ref), 399'999);
}

TEST_F(ClusterTest, LongChainsOfRefs) {
  open();
  struct Link {
    int n = 0;
    ObjectRef<Link> next;
  };
  ObjectRef<Link> head;
  for (int i = 0; i < 100'000; ++i) head = put(Link{i, head});
  EXPECT_EQ(get(head).n, 99'999);
  head = {};  // one after the other, not by recursion
  for (int i = 0; i < 2'000; ++i) head = put(Link{i, head});
  const auto length = [](ObjectRef<Link> ref) {
    int n = 0;
    for (; ref; ++n) ref = get(ref).next;
    return n;
  };
  EXPECT_EQ(get(remote(length)(head)), 2'000);
}

TEST_F(ClusterTest, UserThreadsInsideATaskUseRefs) {
  open({.cpus = 3});
  const auto run = [](const std::vector<ObjectRef<int>>& refs) {
    std::vector<std::thread> threads;
    std::atomic<int> sum{0};
    for (const auto& ref : refs) {
      threads.emplace_back([&sum, ref] { sum += get(remote(twice)(ref)) + get(ref); });
    }
    for (auto& thread : threads) thread.join();
    return sum.load();
  };
  std::vector<ObjectRef<int>> refs;
  for (int i = 0; i < 8; ++i) refs.push_back(put(i));
  EXPECT_EQ(get(remote(run)(refs)), 3 * 28);
}

}  // namespace
}  // namespace manta::testing
