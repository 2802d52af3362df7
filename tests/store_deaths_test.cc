// Workers that die at each step of an object's life, in a store that spills: what is left of them is freed, what others
// hold stays, and the results are right. The end of each test finds the store empty and no file on disk (the fixture).
#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include <manta/manta.h>

#include "../base/file_tree_fixture.h"
#include "../runtime/process/process.h"
#include "cluster_fixture.h"
#include "error_of.h"

namespace manta::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kElements = 2 * kMiB / sizeof(int);
constexpr int kParts = 4;

using Parts = std::vector<ObjectRef<Array<int>>>;

struct Sum {
  int sum = 0;
  int attempt = 0;  // of the task, as below
};

struct Parcel {
  Parts parts;                         // that the maker has put, filled and sealed in place
  ObjectRef<std::vector<int>> copied;  // the same, of memory that was copied
  Array<int> own;                      // only the result has it
  int attempt = 0;
};

Sum sum_of(const Parts& parts) {
  int sum = 0;
  for (const auto& part : parts) sum += get(part)[0];
  return {sum, this_task().attempt()};
}

void require_sum(int sum, int n) {
  if (sum != kParts * n + kParts * (kParts - 1) / 2) throw std::runtime_error("wrong bytes");
}

// Puts, lends to another worker, and gives away.
Parcel make(int n) {
  Parcel parcel;
  for (int i = 0; i < kParts; ++i) parcel.parts.push_back(put(full<int>(kElements, n + i)));
  parcel.copied = put(std::vector<int>(kElements, n));
  require_sum(get(remote(sum_of, {.max_retries = -1})(parcel.parts)).sum, n);
  parcel.own = full<int>(kElements, n);
  parcel.attempt = this_task().attempt();
  return parcel;
}

// Keeps what it was lent, and gives it back.
Parcel pass_on(const Parcel& parcel, int n) {
  Parcel copy = parcel;
  require_sum(sum_of(copy.parts).sum, n);
  if (get(copy.copied).back() != n) throw std::runtime_error("wrong bytes");
  copy.attempt = this_task().attempt();
  return copy;
}

// Has values all the time, and reads none, so that it is asked before they are spilled.
class Keeper {
 public:
  void keep(const Parts& parts) {
    kept_ = parts;
    for (const auto& part : kept_) (void)get(part);
  }
  std::size_t size() const { return kept_.size(); }

 private:
  Parts kept_;
};

class StoreDeaths : public ClusterTest {
 protected:
  void start(const std::string& failpoint) {
    open({.cpus = 2,
          .object_store_bytes = 64 * kMiB,
          .spill_dirs = {spilled_.root().string()},
          .log_to_driver = false,
          .env = {{"MANTA_FAILPOINT", failpoint}}});
  }
  const base::FileTree spilled_;
};

struct Step {
  const char* name;
  int time;  // it comes there some times in a call, and at this time in a later one
};

class AtEachStep : public StoreDeaths, public ::testing::WithParamInterface<Step> {};

// One call after the other, so that few workers run many; 120 MiB through 64.
TEST_P(AtEachStep, NothingIsLostOrLeft) {
  for (const int time : {GetParam().time, GetParam().time + 3}) {
    start(std::string(GetParam().name) + ":" + std::to_string(time));
    int attempts = 0;
    {
      std::vector<Parcel> parcels;
      for (int n = 0; n < 12; ++n) {
        const auto made = remote(make, {.max_retries = -1})(n);
        parcels.push_back(get(remote(pass_on, {.max_retries = -1})(made, n)));
        parcels.back().own = {};  // else it would not be spilled
        attempts = std::max({attempts, parcels.back().attempt, get(made).attempt});
      }
      for (int n = 0; n < 12; ++n) {  // most of it is on disk
        const Sum sum =
            get(remote(sum_of, {.max_retries = -1})(parcels[static_cast<std::size_t>(n)].parts));
        require_sum(sum.sum, n);
        attempts = std::max(attempts, sum.attempt);
      }
    }
    EXPECT_GT(attempts, 1) << "nobody died";
    expect_store_empty();
    close();
  }
}

INSTANTIATE_TEST_SUITE_P(StoreDeaths, AtEachStep,
                         ::testing::Values(Step{"block_allocated", 17}, Step{"block_filled", 3},
                                           Step{"block_sealed", 7}, Step{"block_offered", 11},
                                           Step{"object_published", 9}, Step{"object_held", 9},
                                           Step{"read_back", 6}),
                         [](const auto& step) { return std::string(step.param.name); });

TEST_F(StoreDeaths, AKeeperThatHasJustAgreed) {
  start("spill_agreed:1");
  auto keeper = actor<Keeper>();
  Parts parts;
  const auto put_more = [&] {
    parts.push_back(put(full<int>(kElements, static_cast<int>(parts.size()))));
  };
  for (int i = 0; i < 5; ++i) put_more();
  get(keeper.call(&Keeper::keep, parts));
  EXPECT_TRUE(eventually([&] {
    if (parts.size() < 200) put_more();
    try {
      return get(keeper.call(&Keeper::size)) != 5;
    } catch (const ActorDied&) {
      return true;
    }
  }));
  EXPECT_THROW(get(keeper.call(&Keeper::size)), ActorDied);
  for (std::size_t i = 0; i < parts.size(); ++i) EXPECT_EQ(get(parts[i])[7], static_cast<int>(i));
  parts.clear();
  keeper = {};
  expect_store_empty();
}

class NodeAtEachStep : public StoreDeaths, public ::testing::WithParamInterface<Step> {};

TEST_P(NodeAtEachStep, TheSessionEndsAndNothingIsLeft) {
  store_is_not_checked();
  const std::string failpoint =
      std::string(GetParam().name) + ":" + std::to_string(GetParam().time);
  ::setenv("MANTA_NODE_FAILPOINT", failpoint.c_str(), 1);
  open({.cpus = 1, .object_store_bytes = 64 * kMiB, .spill_dirs = {spilled_.root().string()}});
  ::unsetenv("MANTA_NODE_FAILPOINT");
  const auto first_of = [](const Array<int>& array) { return array[0]; };
  Parts refs;
  const std::string error = error_of<NodeDied>([&] {
    for (int i = 0; i < 400; ++i) {
      refs.push_back(put(full<int>(kElements, i)));
      const auto read = static_cast<std::size_t>(i) / 3;
      const int got = i % 2 == 0 ? get(refs[read])[1] : get(remote(first_of)(refs[read]));
      EXPECT_EQ(got, static_cast<int>(read));
    }
  });
  EXPECT_THAT(error, ::testing::HasSubstr("node"));
  refs.clear();
  close();  // no process is left
  EXPECT_TRUE(fs::is_empty(spilled_.root()));
}

INSTANTIATE_TEST_SUITE_P(StoreDeaths, NodeAtEachStep,
                         ::testing::Values(Step{"spill_written", 1}, Step{"spill_written", 3},
                                           Step{"spill_emptied", 1}, Step{"spill_emptied", 8},
                                           Step{"block_restored", 1}, Step{"block_restored", 5}),
                         [](const auto& step) {
                           return std::string(step.param.name) + std::to_string(step.param.time);
                         });

class DiskThatFails : public StoreDeaths, public ::testing::WithParamInterface<int> {};

// Of every third write no file is ever complete: objects stay in memory, and others go on in the overflow. Of every
// 25th most are, and without an overflow the others are written again.
TEST_P(DiskThatFails, LosesNothing) {
  const base::FileTree second;
  const int every = GetParam();
  ::setenv("MANTA_FAILING_WRITES", std::to_string(every).c_str(), 1);
  open({.cpus = 2,
        .object_store_bytes = 64 * kMiB,
        .spill_dirs = {spilled_.root().string(), second.root().string()},
        .overflow = every == 3});
  ::unsetenv("MANTA_FAILING_WRITES");
  constexpr std::size_t kLarge = 10 * kMiB / sizeof(int);
  Parts refs;
  for (int i = 0; i < 40; ++i) refs.push_back(put(full<int>(kLarge, i)));
  EXPECT_GE(cluster().nodes.at(0).store.spilled, 330 * kMiB);
  const auto all_are = [](const Array<int>& array, int value) {
    return std::ranges::all_of(array, [value](int x) { return x == value; });
  };
  for (int i = 0; i < 40; ++i) {
    const auto& ref = refs[static_cast<std::size_t>(i)];
    EXPECT_TRUE(i % 2 == 0 ? all_are(get(ref), i) : get(remote(all_are)(ref, i))) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(EachWriteBut, DiskThatFails, ::testing::Values(3, 25),
                         [](const auto& every) { return std::to_string(every.param); });

// With a timeout of a year a wait would be a hang.
TEST_F(StoreDeaths, WhoWaitsForRoomHearsThatTheNodeHasDied) {
  store_is_not_checked();
  open({.cpus = 1,
        .object_store_bytes = 64 * kMiB,
        .spill_dirs = {spilled_.root().string()},
        .put_timeout = std::chrono::hours(24 * 365),
        .overflow = false});
  auto held = get(put(full<int>(30 * kElements, 1)));
  const auto make = [] { (void)full<int>(5 * kElements, 2); };
  std::thread waits(
      [&] { EXPECT_THAT(error_of<NodeDied>(make), ::testing::HasSubstr("waited for room")); });
  const auto& arena = detail::Process::current("test").store().arena();
  ASSERT_TRUE(eventually([&] { return arena.waiting() == 1; }));
  ::kill(node_pid(), SIGKILL);
  waits.join();
  EXPECT_THROW(make(), NodeDied);
  held = {};
  close();
}

TEST_F(StoreDeaths, TheNodeWhileItSpillsAndReads) {
  store_is_not_checked();
  for (const std::size_t killed_after : {35U, 50U, 65U}) {
    open({.cpus = 1, .object_store_bytes = 64 * kMiB, .spill_dirs = {spilled_.root().string()}});
    std::vector<ObjectRef<Array<int>>> refs;
    const std::string error = error_of<NodeDied>([&] {
      for (int i = 0;; ++i) {
        refs.push_back(put(full<int>(kElements, i)));
        if (refs.size() == killed_after) ::kill(node_pid(), SIGKILL);
        if (refs.size() % 3 == 0) (void)get(refs[refs.size() / 3]);
      }
    });
    EXPECT_THAT(error, ::testing::HasSubstr("node"));
    refs.clear();
    close();
    EXPECT_TRUE(fs::is_empty(spilled_.root()));
  }
}

}  // namespace
}  // namespace manta::testing
