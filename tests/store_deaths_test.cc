// Workers that die at each step of an object's life, in a store that spills: what is left of them is freed, what others
// hold stays, and the results are right. The end of each test finds the store empty and no file on disk (the fixture).
#include <algorithm>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include <manta/manta.h>

#include "../base/file_tree_fixture.h"
#include "cluster_fixture.h"
#include "error_of.h"

namespace manta::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kElements = 2 * kMiB / sizeof(int);
constexpr int kParts = 4;

struct Parcel {
  std::vector<ObjectRef<Array<int>>> parts;  // that the maker has put
  Array<int> own;                            // only the result has it
  int attempt = 0;                           // of its task
};

int sum_of(const std::vector<ObjectRef<Array<int>>>& parts) {
  return std::accumulate(parts.begin(), parts.end(), 0,
                         [](int sum, const auto& part) { return sum + get(part)[0]; });
}

int expected_sum(int n) { return kParts * n + kParts * (kParts - 1) / 2; }

// Puts, lends to another worker, and gives away.
Parcel make(int n) {
  Parcel parcel;
  for (int i = 0; i < kParts; ++i) {
    // Of memory that is filled and sealed in place, and of memory that is copied.
    const int value = n + i;
    parcel.parts.push_back(i % 2 == 0
                               ? put(full<int>(kElements, value))
                               : put(std::span<const int>(std::vector<int>(kElements, value))));
  }
  if (get(remote(sum_of, {.max_retries = -1})(parcel.parts)) != expected_sum(n)) {
    throw std::runtime_error("wrong bytes");
  }
  parcel.own = full<int>(kElements, n);
  parcel.attempt = this_task().attempt();
  return parcel;
}

// Keeps what it was lent, and gives it back.
Parcel pass_on(const Parcel& parcel, int n) {
  Parcel copy = parcel;
  if (sum_of(copy.parts) != expected_sum(n)) throw std::runtime_error("wrong bytes");
  copy.attempt = this_task().attempt();
  return copy;
}

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

class AtEachStep : public StoreDeaths, public ::testing::WithParamInterface<const char*> {};

// 120 MiB, and some more, through 64 MiB; a worker comes to a step some 3 to 20 times in a call.
TEST_P(AtEachStep, NothingIsLostOrLeft) {
  for (const int time : {23, 31}) {
    start(std::string(GetParam()) + ":" + std::to_string(time));
    int attempts = 0;
    {
      std::vector<ObjectRef<Parcel>> made, passed_on;
      for (int n = 0; n < 12; ++n) made.push_back(remote(make, {.max_retries = -1})(n));
      for (int n = 0; n < 12; ++n) {
        passed_on.push_back(
            remote(pass_on, {.max_retries = -1})(made[static_cast<std::size_t>(n)], n));
      }
      for (int n = 0; n < 12; ++n) {
        const auto at = static_cast<std::size_t>(n);
        const Parcel parcel = get(passed_on[at]);
        EXPECT_EQ(sum_of(parcel.parts), expected_sum(n));
        EXPECT_EQ(parcel.own[kElements - 1], n);
        attempts = std::max({attempts, parcel.attempt, get(made[at]).attempt});
      }
    }
    EXPECT_GT(attempts, 1) << "nobody died";
    expect_store_empty();
    close();
  }
}

INSTANTIATE_TEST_SUITE_P(StoreDeaths, AtEachStep,
                         ::testing::Values("block_allocated", "block_filled", "block_sealed",
                                           "block_offered", "object_published", "object_held",
                                           "spill_agreed", "read_back"),
                         [](const auto& step) { return std::string(step.param); });

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
