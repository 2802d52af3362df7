// What counts against the budget of the store beside arrays: the rings between processes, as long as these live, and
// small values when there are many of them.
#include <chrono>
#include <csignal>
#include <cstddef>
#include <string>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

#include <manta/manta.h>

#include "../runtime/ownership/value.h"
#include "../runtime/process/process.h"
#include "cluster_fixture.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::size_t kKiB = std::size_t{1} << 10;
constexpr std::size_t kMiB = std::size_t{1} << 20;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kMany = 200'000;
#else
constexpr int kMany = 1'000'000;
#endif

using Strings = std::vector<ObjectRef<std::string>>;

std::string text(int i, std::size_t size) {
  std::string text = std::to_string(i);
  text.resize(size, '.');
  return text;
}

Strings put_texts(int count, std::size_t size) {
  Strings refs;
  for (int i = 0; i < count; ++i) refs.push_back(put(text(i, size)));
  return refs;
}

// Some of them: the first and the last too.
void expect_texts(const Strings& refs, std::size_t size) {
  const std::size_t step = refs.size() / 100 + 1;
  for (std::size_t i = 0; i < refs.size(); i += step) {
    ASSERT_EQ(get(refs[i]), text(static_cast<int>(i), size)) << i;
  }
  ASSERT_EQ(get(refs.back()), text(static_cast<int>(refs.size()) - 1, size));
}

class Keeper {
 public:
  pid_t pid() { return ::getpid(); }
  void take(std::vector<std::string>) {}
  std::size_t make(int count, std::size_t size) {
    own_ = put_texts(count, size);
    return detail::Value::bytes_in_heap();
  }
  void keep(Strings refs) { kept_.push_back(std::move(refs)); }
  std::string last() { return get(kept_.back().back()); }
  void drop() { kept_.clear(); }

 private:
  Strings own_;
  std::vector<Strings> kept_;
};

class Budget : public ClusterTest {
 protected:
  static detail::Process& process() { return detail::Process::current("a test"); }
  static std::size_t beside() { return process().store().arena().beside(); }
  static bool node_has_enough() {
    return process().ownership().control().session().node_has_enough.load();
  }
  // That of a store of up to 64 MiB.
  static constexpr std::size_t kCap = kMiB;
};

enum class End { kKilled, kDropped };

class RingsOfWorkers : public Budget, public ::testing::WithParamInterface<End> {};

// Workers that do not read, so that each of their rings fills up.
TEST_P(RingsOfWorkers, CountAsLongAsTheyLive) {
  constexpr std::size_t kWorkers = 6;
  constexpr std::size_t kFullRing = 200 * kKiB;
  open();
  std::vector<ActorHandle<Keeper>> keepers;
  std::vector<pid_t> pids;
  for (std::size_t i = 0; i < kWorkers; ++i) {
    keepers.push_back(actor<Keeper>());
    pids.push_back(get(keepers.back().call(&Keeper::pid)));
  }
  const std::size_t before = beside();
  EXPECT_GT(before, 0u);
  // 50 KB that travel with a call.
  const std::vector<std::string> strings(100, std::string(500, 'x'));
  std::vector<ObjectRef<void>> calls;
  for (std::size_t i = 0; i < kWorkers; ++i) {
    ::kill(pids[i], SIGSTOP);
    for (int n = 0; n < 10; ++n) calls.push_back(keepers[i].call(&Keeper::take, strings));
  }
  EXPECT_TRUE(eventually([&] { return beside() >= before + kWorkers * kFullRing; })) << beside();
  const std::size_t most = beside();
  if (GetParam() == End::kKilled) {
    for (const pid_t pid : pids) ::kill(pid, SIGKILL);
    for (const auto& call : calls) EXPECT_THROW(get(call), ActorDied);
  } else {
    for (const pid_t pid : pids) ::kill(pid, SIGCONT);
    get(calls);
    keepers.clear();
  }
  EXPECT_TRUE(eventually([&] { return beside() + kWorkers * kFullRing <= most; })) << beside();
}

INSTANTIATE_TEST_SUITE_P(Ends, RingsOfWorkers, ::testing::Values(End::kKilled, End::kDropped),
                         [](const auto& end) {
                           return end.param == End::kKilled ? "Killed" : "Dropped";
                         });

TEST_F(Budget, ArraysGetWhatRingsAndTablesLeave) {
  open({.cpus = 1,
        .object_store_bytes = 16 * kMiB,
        .put_timeout = std::chrono::seconds(0),
        .overflow = false});
  EXPECT_TRUE(eventually([] { return beside() > 0; }));
  try {
    (void)zeros<char>(16 * kMiB);
    FAIL();
  } catch (const ObjectStoreFull& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("0 of 16777216 bytes are in use"),
                                    HasSubstr(" by rings and tables")));
  }
  const auto half = zeros<char>(8 * kMiB);
  const StoreStats stats = cluster().nodes.at(0).store;
  EXPECT_EQ(stats.capacity, 16 * kMiB);
  EXPECT_EQ(stats.used, 8 * kMiB);
}

TEST_F(Budget, AMillionSmallValuesCount) {
  constexpr std::size_t kSize = 100;
  open({.cpus = 1, .object_store_bytes = 512 * kMiB});
  const std::size_t cap = process().store().arena().small_values_cap();
  const Strings refs = put_texts(kMany, kSize);
  EXPECT_LE(detail::Value::bytes_in_heap(), cap);
  EXPECT_GE(store_bytes_used() + cap, kMany * kSize);
  EXPECT_LE(store_bytes_used(), kMany * (kSize + 50));
  expect_texts(refs, kSize);
}

TEST_F(Budget, SmallResultsCount) {
  constexpr int kCalls = 5000;
  constexpr std::size_t kSize = 1000;
  open({.cpus = 1, .object_store_bytes = 64 * kMiB});
  Strings refs;
  for (int i = 0; i < kCalls; ++i) refs.push_back(remote(text)(i, kSize));
  (void)wait(refs, {.num_ready = refs.size()});
  EXPECT_GE(store_bytes_used() + kCap, kCalls * kSize);
  expect_texts(refs, kSize);
  refs.resize(100);  // packs of which some values stay
  expect_texts(refs, kSize);
}

TEST_F(Budget, FewSmallValuesStayOutOfTheStore) {
  open({.cpus = 1, .object_store_bytes = 64 * kMiB});
  const Strings refs = put_texts(500, 1000);
  EXPECT_EQ(store_bytes_used(), 0u);
  expect_texts(refs, 1000);
}

// The first half makes as much as the node is to have, the second half goes into the store, into blocks of the node.
TEST_F(Budget, SmallValuesOfTheNodeCount) {
  constexpr int kHalf = 3000;
  constexpr std::size_t kSize = 500;
  open({.cpus = 1, .object_store_bytes = 64 * kMiB});
  const auto before = store_bytes_used();
  auto keeper = actor<Keeper>();
  get(keeper.call(&Keeper::keep, put_texts(kHalf, kSize)));
  EXPECT_TRUE(eventually(node_has_enough));
  get(keeper.call(&Keeper::keep, put_texts(kHalf, kSize)));
  const auto of_the_node = [] {
    const StoreStats stats = process().store().stats();
    return stats.used - stats.pinned;
  };
  EXPECT_TRUE(eventually([&] { return of_the_node() >= kHalf * kSize; })) << of_the_node();
  EXPECT_EQ(get(keeper.call(&Keeper::last)), text(kHalf - 1, kSize));
  get(keeper.call(&Keeper::drop));
  EXPECT_TRUE(eventually([] { return !node_has_enough(); }));
  EXPECT_TRUE(eventually([&] { return store_bytes_used() <= before; }));
}

TEST_F(Budget, SmallValuesOfADeadWorkerAreFree) {
  constexpr int kValues = 10'000;
  constexpr std::size_t kSize = 500;
  open({.cpus = 1, .object_store_bytes = 64 * kMiB});
  const auto before = store_bytes_used();
  auto keeper = actor<Keeper>();
  EXPECT_LE(get(keeper.call(&Keeper::make, kValues, kSize)), kCap);
  EXPECT_GE(store_bytes_used() + kCap, kValues * kSize);
  ::kill(get(keeper.call(&Keeper::pid)), SIGKILL);
  EXPECT_TRUE(eventually([&] { return store_bytes_used() <= before; }));
}

TEST_F(Budget, SmallValuesFillTheStoreAndResultsArriveAllTheSame) {
  constexpr std::size_t kSize = 1000;
  open({.cpus = 1,
        .object_store_bytes = 16 * kMiB,
        .put_timeout = std::chrono::seconds(0),
        .overflow = false});
  const auto result = remote(text);
  EXPECT_EQ(get(result(1, kSize)), text(1, kSize));
  Strings refs;
  const auto fill = [&] {
    for (int i = 0;; ++i) refs.push_back(put(text(i, kSize)));
  };
  EXPECT_THROW(fill(), ObjectStoreFull);
  EXPECT_GE(refs.size() * kSize, 12 * kMiB);
  EXPECT_EQ(get(result(2, kSize)), text(2, kSize));
  expect_texts(refs, kSize);
  refs.clear();
  EXPECT_EQ(get(put(text(3, kSize))), text(3, kSize));
}

TEST_F(Budget, ManyProcessesPutSmallValuesAtOnce) {
  constexpr int kValues = 4000;
  constexpr std::size_t kSize = 700;
  open({.cpus = 4, .object_store_bytes = 64 * kMiB});
  std::vector<ObjectRef<Strings>> made;
  for (int i = 0; i < 8; ++i) made.push_back(remote(put_texts)(kValues, kSize));
  for (const auto& refs : made) expect_texts(get(refs), kSize);
}

}  // namespace
}  // namespace manta::testing
