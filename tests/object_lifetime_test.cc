// free, counting, the end of a session, and cluster().
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

#include <manta/manta.h>

#include "cluster_fixture.h"
#include "gate.h"

namespace manta::testing {
namespace {

int twice(int n) { return 2 * n; }
int last(const Array<int>& array) { return array[array.size() - 1]; }
void churn() {
  for (int i = 0; i < 10; ++i) put(full<int>(200'000, -1));
}
template <class T>
std::string freed(const ObjectRef<T>& ref) {
  try {
    get(ref);
  } catch (const ObjectLost& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another error: ") + error.what();
  }
  return "a value";
}
bool says_freed(const std::string& text) {
  return text.find("freed") != std::string::npos && text.find("another error") == std::string::npos;
}

TEST_F(ClusterTest, FreeDeletesTheValue) {
  open();
  const auto before = store_bytes_used();
  auto ref = put(arange<int>(300'000));
  auto array = get(ref);
  free(ref);
  EXPECT_TRUE(says_freed(freed(ref))) << freed(ref);
  EXPECT_TRUE(ref.ready());
  EXPECT_GT(store_bytes_used(), before);  // the array lives
  churn();
  EXPECT_EQ(array[299'999], 299'999);
  array = {};
  EXPECT_TRUE(eventually([&] { return store_bytes_used() <= before; }));
  EXPECT_TRUE(says_freed(freed(remote(last)(ref))));
  free(ref);  // again: nothing changes
  EXPECT_TRUE(says_freed(freed(ref)));
}

TEST_F(ClusterTest, FreeOfManyForms) {
  open();
  auto a = put(1), b = put(2);
  auto c = put("c");
  free({a, c});
  free(std::vector{b});
  auto d = remote(twice)(4);
  get(d);
  free(std::vector<AnyRef>{d});
  for (const auto& ref : {a, b, d}) EXPECT_TRUE(says_freed(freed(ref)));
  EXPECT_TRUE(says_freed(freed(c)));
}

TEST_F(ClusterTest, FreeOfAnObjectThatIsNotThereYet) {
  open();
  auto gate = actor<Gate>();
  auto late = remote(pass)(gate, 1);
  auto behind = remote(twice)(late);
  free(late);
  EXPECT_TRUE(says_freed(freed(late)));
  EXPECT_TRUE(says_freed(freed(behind))) << freed(behind);
  gate.post(&Gate::open);
  EXPECT_EQ(get(remote(twice)(2)), 4);
}

TEST_F(ClusterTest, FreeReachesOtherProcesses) {
  open({.cpus = 3});
  struct Keeper {
    void keep(std::vector<ObjectRef<Array<int>>> refs) { refs_ = std::move(refs); }
    int read() const { return last(get(refs_[0])); }
    void free_it() const { free(refs_[0]); }
    std::vector<ObjectRef<Array<int>>> refs_;
  };
  auto keeper = actor<Keeper>();
  for (const bool by_keeper : {false, true}) {
    auto ref = put(arange<int>(300'000));
    get(keeper.call(&Keeper::keep, std::vector{ref}));
    EXPECT_EQ(get(keeper.call(&Keeper::read)), 299'999);
    if (by_keeper) {
      get(keeper.call(&Keeper::free_it));
    } else {
      free(ref);
    }
    EXPECT_TRUE(eventually([&] { return says_freed(freed(ref)); }));
    EXPECT_TRUE(eventually([&] { return says_freed(freed(keeper.call(&Keeper::read))); }));
    EXPECT_TRUE(says_freed(freed(remote(last)(ref))));
  }
}

TEST_F(ClusterTest, FreeWhileTasksUseIt) {
  open();
  int values = 0;
  for (int i = 0; i < 100; ++i) {
    auto ref = put(arange<int>(100'000));
    auto a = remote(last)(ref);
    auto b = remote(last)(ref);
    if (i % 2 == 0) get(a);
    free(ref);
    put(full<int>(100'000, -1));
    for (const auto& result : {a, b}) {
      try {
        EXPECT_EQ(get(result), 99'999);
        ++values;
      } catch (const ObjectLost&) {
      }
    }
  }
  EXPECT_GE(values, 50) << "of those that had ended before";
}

TEST_F(ClusterTest, StoreIsAsBeforeOnceAllRefsAreGone) {
  open();
  const auto before = store_bytes_used();
  {
    std::vector<ObjectRef<Array<int>>> refs;
    for (int i = 0; i < 20; ++i) refs.push_back(put(full<int>(10'000 * (std::size_t(i) + 1), i)));
    for (int i = 0; i < 20; ++i) {
      refs.push_back(remote([](const Array<int>& a) { return a.copy(); })(refs[std::size_t(i)]));
    }
    auto stored = put(refs);
    get(remote([](const std::vector<ObjectRef<Array<int>>>& v) { return get(v).size(); })(stored));
    std::vector<ObjectRef<std::string>> texts;
    for (int i = 0; i < 20; ++i) texts.push_back(put(std::string(100'000, 'x')));
    get(remote([](const std::vector<std::string>& v) { return v; })(texts));
    EXPECT_GT(store_bytes_used(), before);
  }
  EXPECT_TRUE(eventually([&] { return store_bytes_used() <= before; }))
      << store_bytes_used() - before;
}

TEST_F(ClusterTest, ArraysOutliveTheirRef) {
  open();
  Array<int> array = get(put(arange<int>(200'000)));
  Array<int> result = get(remote([] { return arange<int>(200'000); })());
  churn();
  EXPECT_EQ(last(array), 199'999);
  EXPECT_EQ(last(result), 199'999);
}

TEST_F(ClusterTest, ArraysOutliveTheSession) {
  arrays_outlive_the_session();
  open();
  store_is_not_checked();
  Array<int> large = get(put(arange<int>(200'000)));
  Array<int> small = get(put(arange<int>(10)));
  Array<int> result = get(remote([] { return arange<int>(200'000); })());
  close();
  EXPECT_EQ(last(large) + last(small) + last(result), 2 * 199'999 + 9);
  large = {};
  open();
  EXPECT_EQ(last(result), 199'999);
  Array<int> again = get(put(result));  // copied into the new session's store
  EXPECT_EQ(last(again), 199'999);
  EXPECT_EQ(get(remote(last)(small)), 9);
  EXPECT_EQ(get(remote(last)(result)), 199'999);
  result = {};
  EXPECT_EQ(get(remote(last)(put(arange<int>(50'000)))), 49'999);
}

int sum_of(const std::vector<ObjectRef<int>>& refs) {
  int sum = 0;
  for (const auto& ref : refs) sum += get(ref);
  return sum;
}

TEST_F(ClusterTest, RefsAndHandlesMayOutliveTheShutdown) {
  store_is_not_checked();
  open();
  std::vector<ObjectRef<int>> refs;
  std::vector<ActorHandle<Gate>> gates;
  for (int i = 0; i < 40; ++i) {
    refs.push_back(put(1));
    gates.push_back(actor<Gate>());
  }
  EXPECT_EQ(get(remote(sum_of)(refs)), 40);
  for (const auto& gate : gates) get(gate.ready());
  session().shutdown();
  refs.clear();
  gates.clear();
}

// Answers that come while the session is being shut down find nobody.
TEST_F(ClusterTest, ShutdownWithCallsInFlight) {
  store_is_not_checked();
  for (int round = 0; round < 30; ++round) {
    open({.cpus = 2});
    auto gate = actor<Gate>();
    get(gate.ready());
    std::vector<ObjectRef<int>> numbers;
    std::vector<ObjectRef<bool>> answers;
    for (int i = 0; i < 300; ++i) {
      numbers.push_back(remote(twice)(i));
      answers.push_back(gate.call(&Gate::is_open));
    }
    auto behind = remote(twice)(numbers.back());
    get(answers[static_cast<std::size_t>(round)]);
    session().shutdown();
    EXPECT_THROW(get(behind), InvalidArgument);
  }
}

struct Kept {  // used in a static destructor, after the end of the session
  ObjectRef<int> ref;
  ActorHandle<Gate> handle;
  Array<int> array;
  ~Kept() {
    if (!ref) return;
    int refused = 0;
    const auto expect_refusal = [&](auto&& call) {
      try {
        call();
      } catch (const InvalidArgument&) {
        ++refused;
      }
    };
    expect_refusal([&] { get(ref); });
    expect_refusal([&] { put(1); });
    expect_refusal([&] { handle.call(&Gate::is_open); });
    expect_refusal([&] { remote(twice)(ref); });
    expect_refusal([&] { put(array); });
    const auto copies = deserialize<std::vector<Array<int>>>(serialize(std::vector{array, array}));
    const auto shared = std::make_shared<int>(7);
    const auto pointers =
        deserialize<std::vector<std::shared_ptr<int>>>(serialize(std::vector{shared, shared}));
    const bool right = refused == 5 && array[199'999] == 199'999 && copies[1][199'999] == 199'999 &&
                       pointers[0] == pointers[1] && *pointers[0] == 7;
    if (!right) ::_exit(77);  // CTest sees it
  }
};
Kept kept_until_exit;

TEST_F(ClusterTest, RefsAndHandlesOfAnEndedSessionAreRefused) {
  arrays_outlive_the_session();
  store_is_not_checked();
  open();
  auto ref = put(1);
  auto done = remote(twice)(2);
  get(done);
  auto gate = actor<Gate>();
  auto pending = remote(pass)(gate, 1);
  AnyRef any = ref;
  get(gate.ready());
  auto ended = gate.ended();
  kept_until_exit.ref = ref;
  kept_until_exit.handle = gate;
  kept_until_exit.array = get(put(arange<int>(200'000)));
  get(put(std::make_shared<int>(1)));
  session().shutdown();
  const auto all_refused = [&] {
    EXPECT_THROW(get(ref), InvalidArgument);
    EXPECT_THROW(get(pending), InvalidArgument);
    EXPECT_THROW(get({ref, pending}), InvalidArgument);
    EXPECT_THROW(get(ref, done), InvalidArgument);
    EXPECT_THROW(get(done, std::chrono::seconds(1)), InvalidArgument);
    EXPECT_THROW(get(ended), InvalidArgument);
    EXPECT_THROW(wait({ref, pending}), InvalidArgument);
    EXPECT_THROW(free(ref), InvalidArgument);
    EXPECT_THROW(ref.id(), InvalidArgument);
    EXPECT_THROW(ref.ready(), InvalidArgument);
    EXPECT_THROW(ref.why(), InvalidArgument);
    EXPECT_THROW(ref.on_ready([] {}), InvalidArgument);
    EXPECT_THROW(any.as<int>(), InvalidArgument);
    EXPECT_THROW(remote(twice)(ref), InvalidArgument);
    EXPECT_THROW(
        remote([](const std::vector<ObjectRef<int>>& v) { return v.size(); })(std::vector{ref}),
        InvalidArgument);
    EXPECT_THROW(put(std::vector{ref}), InvalidArgument);
    EXPECT_THROW(put(std::vector{gate}), InvalidArgument);
    EXPECT_THROW(gate.call(&Gate::is_open), InvalidArgument);
    EXPECT_THROW(gate.post(&Gate::open), InvalidArgument);
    EXPECT_THROW(gate.ready(), InvalidArgument);
    EXPECT_THROW(gate.kill(), InvalidArgument);
  };
  all_refused();
  open();
  all_refused();
}

// In the memory of this process's sessions, each file once.
std::size_t shared_memory_in_use() {
  std::map<ino_t, std::size_t> files;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(entry.path(), error);
    struct stat file = {};
    if (error || target.string().find("memfd:manta") == std::string::npos) continue;
    if (::stat(entry.path().c_str(), &file) != 0) continue;
    files[file.st_ino] = static_cast<std::size_t>(file.st_blocks) * 512;
  }
  std::size_t sum = 0;
  for (const auto& [inode, bytes] : files) sum += bytes;
  return sum;
}

TEST_F(ClusterTest, OfAnEndedSessionOnlyTheMemoryOfArraysStays) {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  arrays_outlive_the_session();
  store_is_not_checked();
  open();
  std::vector<ObjectRef<Array<int>>> refs;
  for (std::size_t i = 0; i < 10; ++i) refs.push_back(put(full<int>(2 * kMiB, 1)));  // 8 MiB each
  refs.push_back(remote([] { return full<int>(2 * kMiB, 2).freeze(); })());
  refs.push_back(remote([](const Array<int>& from) { return from.copy(); })(refs.back()));
  auto published = put(refs);
  EXPECT_EQ(get(remote([](const std::vector<ObjectRef<Array<int>>>& all) {
              return get(all.front()).size();
            })(published)),
            2 * kMiB);
  auto array = get(refs[3]);
  auto result = get(refs.back());
  MutableArray<int> unfrozen = full<int>(kMiB, 3);
  EXPECT_GE(shared_memory_in_use(), 100 * kMiB);
  close();
  EXPECT_GE(shared_memory_in_use(), 20 * kMiB);
  EXPECT_LE(shared_memory_in_use(), 22 * kMiB);
  EXPECT_EQ(std::ranges::count(array, 1), 2 * kMiB);
  EXPECT_EQ(std::ranges::count(result, 2), 2 * kMiB);
  EXPECT_EQ(std::count(unfrozen.begin(), unfrozen.end(), 3), kMiB);
  unfrozen = {};
  EXPECT_LE(shared_memory_in_use(), 18 * kMiB);
  array = {};
  { const auto next = init({.cpus = 1, .object_store_bytes = 64 * kMiB}); }
  EXPECT_LE(shared_memory_in_use(), 10 * kMiB) << "although there is a ref to it";
  refs.clear();
  published = {};
  result = {};
  EXPECT_LE(shared_memory_in_use(), 2 * kMiB);
}

TEST_F(ClusterTest, CallsWithoutASession) {
  EXPECT_THROW(put(1), InvalidArgument);
  EXPECT_THROW(remote(twice)(1), InvalidArgument);
  EXPECT_THROW(actor<Gate>(), InvalidArgument);
  EXPECT_THROW(cluster(), InvalidArgument);
  EXPECT_THROW(wait(std::vector<AnyRef>{}, {.num_ready = 0}), InvalidArgument);
  try {
    put(1);
    FAIL();
  } catch (const InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find("manta::init()"), std::string::npos) << error.what();
  }
}

TEST_F(ClusterTest, ShutdownWakesWhoWaits) {
  open();
  store_is_not_checked();
  auto gate = actor<Gate>();
  auto pending = remote(pass)(gate, 1);
  std::atomic<int> waiting{0}, refused{0};
  const auto expect_refusal = [&](auto&& call) {
    return std::thread([&, call] {
      ++waiting;
      try {
        call();
      } catch (const InvalidArgument&) {
        ++refused;
      }
    });
  };
  std::vector<std::thread> threads;
  threads.push_back(expect_refusal([&] { get(pending); }));
  threads.push_back(expect_refusal([&] { get({pending, pending}); }));
  threads.push_back(expect_refusal([&] { wait({pending}); }));
  threads.push_back(expect_refusal([&] { wait_with_progress({pending}, "never"); }));
  threads.push_back(expect_refusal([&] { get(pending, std::chrono::hours(1)); }));
  eventually([&] { return waiting == 5; });
  session().shutdown();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(refused, 5);
}

TEST_F(ClusterTest, ClusterSaysWhatThereIs) {
  open({.cpus = 3, .resources = {{"widget", 2}}});
  const Cluster all = cluster();
  ASSERT_EQ(all.nodes.size(), 1u);
  EXPECT_EQ(all.nodes[0].state, NodeState::alive);
  EXPECT_FALSE(all.nodes[0].id.is_nil());
  EXPECT_EQ(all.total, (Resources{{"CPU", 3}, {"memory", all.total.at("memory")}, {"widget", 2}}));
  EXPECT_EQ(all.available, all.total);
  EXPECT_EQ(all.nodes[0].total, all.total);
  EXPECT_GT(all.nodes[0].store.capacity, 0u);
  const auto total_there = get(remote([] { return cluster().total; })());
  EXPECT_EQ(total_there, all.total);
  const auto node_there = get(remote([] { return this_task().node(); })());
  EXPECT_EQ(node_there, all.nodes[0].id);
}

TEST_F(ClusterTest, AvailableResourcesFollowWhatRuns) {
  open({.cpus = 3, .resources = {{"widget", 2}}});
  const auto available = [] {
    Resources all = cluster().available;
    all.erase("memory");  // of which nobody asks for any
    return all;
  };
  auto gate = actor<Gate>(ActorOptions{.cpus = 1, .resources = {{"widget", 0.5}}});
  get(gate.ready());
  EXPECT_TRUE(eventually([&] { return available() == Resources{{"CPU", 2}, {"widget", 1.5}}; }));
  auto spinning = remote(
      [](ActorHandle<Gate> g) {
        auto call = g.call(&Gate::is_open);
        while (!get(call)) {
          call = g.call(&Gate::is_open);
          while (!call.ready()) {
          }
        }
      },
      TaskOptions{.cpus = 2, .resources = {{"widget", 1}}})(gate);
  EXPECT_TRUE(eventually([&] { return available() == Resources{{"CPU", 0}, {"widget", 0.5}}; }));
  gate.post(&Gate::open);
  get(spinning);
  EXPECT_TRUE(eventually([&] { return available() == Resources{{"CPU", 2}, {"widget", 1.5}}; }));
  gate.kill();
  EXPECT_TRUE(eventually([&] { return available() == Resources{{"CPU", 3}, {"widget", 2}}; }));
}

TEST_F(ClusterTest, SessionAfterSession) {
  for (int i = 0; i < 5; ++i) {
    open();
    auto gate = actor<Gate>();
    EXPECT_EQ(get(remote(twice)(put(i))), 2 * i);
    EXPECT_FALSE(get(gate.call(&Gate::is_open)));
    EXPECT_EQ(get(remote(last)(put(arange<int>(100'000)))), 99'999);
    gate = {};
    close();
  }
}

}  // namespace
}  // namespace manta::testing
