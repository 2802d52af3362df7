// Objects that nobody reads make room for others: their bytes lie on disk until somebody does.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include <manta/manta.h>

#include "../base/file_tree_fixture.h"
#include "cluster_fixture.h"
#include "error_of.h"
#include "spilled_files.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kCount = 10 * kMiB / sizeof(long);

Array<long> numbers(long first) {
  auto made = uninitialized<long>(kCount);
  for (std::size_t i = 0; i < kCount; ++i) made[i] = first + static_cast<long>(i);
  return std::move(made).freeze();
}
bool are_numbers(const Array<long>& array, long first) {
  if (array.size() != kCount) return false;
  for (std::size_t i = 0; i < kCount; ++i) {
    if (array[i] != first + static_cast<long>(i)) return false;
  }
  return true;
}
bool are_numbers_there(const std::vector<ObjectRef<Array<long>>>& refs) {
  for (std::size_t i = 0; i < refs.size(); ++i) {
    if (!are_numbers(get(refs[i]), static_cast<long>(i))) return false;
  }
  return true;
}

class SpillingTest : public ClusterTest {
 protected:
  using Refs = std::vector<ObjectRef<Array<long>>>;

  void open_small(double cpus = 2) {
    open({.cpus = cpus,
          .object_store_bytes = 64 * kMiB,
          .spill_dirs = {directory().string()},
          .put_timeout = 5s,
          .overflow = false});
  }
  fs::path directory() const { return tree_.root() / "spill"; }
  StoreStats store() const { return cluster().nodes.at(0).store; }
  static Refs put_many(long count) {
    Refs refs;
    for (long i = 0; i < count; ++i) refs.push_back(put(numbers(i)));
    return refs;
  }

  const base::FileTree tree_;
};

TEST_F(SpillingTest, PutsGoOnBeyondTheStore) {
  open_small();
  auto refs = put_many(40);
  EXPECT_LE(store().used, 64 * kMiB);
  EXPECT_GE(store().spilled, 330 * kMiB);
  for (int again = 0; again < 2; ++again) {
    for (std::size_t i = 0; i < refs.size(); ++i) {
      EXPECT_TRUE(are_numbers(get(refs[i]), static_cast<long>(i))) << i;
    }
  }
  EXPECT_TRUE(fs::is_empty(directory())) << "the files have no names";
  refs.clear();
  EXPECT_TRUE(eventually([&] { return store().spilled == 0; }));
}

TEST_F(SpillingTest, WhatIsReadBackCountsInBothPlacesAndOnceAsAnObject) {
  open_small();
  const StoreStats others = store();
  const auto refs = put_many(20);
  const auto on_disk = std::ranges::find_if(
      refs, [](const auto& ref) { return ref.why().find("lie on disk") != std::string::npos; });
  ASSERT_NE(on_disk, refs.end()) << "six of them fit into memory";
  const std::uint64_t all = refs.size() * 10 * kMiB + others.used + others.spilled;
  EXPECT_EQ(store().used + store().spilled, all);
  const auto array = get(*on_disk);
  EXPECT_EQ(store().used + store().spilled, all + 10 * kMiB);
  EXPECT_EQ(store().objects, others.objects + refs.size());
}

TEST_F(SpillingTest, TasksReadThemAsArguments) {
  open_small();
  const auto refs = put_many(20);
  std::vector<ObjectRef<bool>> results;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    results.push_back(remote(are_numbers)(refs[i], static_cast<long>(i)));
  }
  for (std::size_t i = 0; i < refs.size(); ++i) EXPECT_TRUE(get(results[i])) << i;
}

TEST_F(SpillingTest, ResultsAreSpilledToo) {
  open_small();
  Refs refs;
  for (long i = 0; i < 20; ++i) refs.push_back(remote(numbers)(i));
  wait(refs, {.num_ready = refs.size()});
  EXPECT_GE(store().spilled, 130 * kMiB);
  EXPECT_TRUE(are_numbers_there(refs));
  EXPECT_TRUE(get(remote(are_numbers_there)(refs)));
}

struct Keeper {
  void keep(std::vector<ObjectRef<Array<long>>> refs) { refs_ = std::move(refs); }
  void fill(long count) {
    for (long i = 0; i < count; ++i) refs_.push_back(put(numbers(i)));
  }
  bool sound() const { return are_numbers_there(refs_); }
  std::vector<ObjectRef<Array<long>>> refs_;
};

TEST_F(SpillingTest, WhatActorsHoldIsSpilledAndReadThere) {
  open_small(3);
  auto maker = actor<Keeper>();
  auto borrower = actor<Keeper>();
  get(maker.call(&Keeper::fill, 10));
  get(borrower.call(&Keeper::keep, put_many(10)));
  EXPECT_TRUE(get(maker.call(&Keeper::sound)));
  EXPECT_TRUE(get(borrower.call(&Keeper::sound)));
  maker.kill();
  borrower.kill();
  EXPECT_TRUE(eventually([&] { return store().spilled + store().used == 0; }));
}

TEST_F(SpillingTest, WhatIsReadStays) {
  open_small();
  std::vector<Array<long>> read;
  for (long i = 0; i < 4; ++i) read.push_back(get(put(numbers(i))));
  const auto refs = put_many(10);
  for (long i = 0; i < 4; ++i) {
    EXPECT_TRUE(are_numbers(read[static_cast<std::size_t>(i)], i)) << i;
  }
  EXPECT_TRUE(are_numbers_there(refs));
  read.push_back(numbers(4));
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_THAT(error_of<ObjectStoreFull>([&] {
                for (long i = 5; i < 8; ++i) read.push_back(numbers(i));
              }),
              HasSubstr("no room for"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 30s) << "put_timeout is 5 s";
}

TEST_F(SpillingTest, WhySaysWhatLiesOnDiskAndWhoWaitsForIt) {
  open({.cpus = 2,
        .object_store_bytes = 64 * kMiB,
        .spill_dirs = {directory().string()},
        .put_timeout = 60s,
        .overflow = false});
  const auto refs = put_many(20);
  EXPECT_THAT(refs.front().why(),
              ::testing::EndsWith(
                  "is ready; 10485760 bytes of it lie on disk, and are read back when it is used"));
  const auto in_memory = put(numbers(20));
  EXPECT_THAT(in_memory.why(), ::testing::EndsWith("is ready"));
  std::vector<Array<long>> read;
  EXPECT_THROW(
      {
        for (const auto& ref : refs) read.push_back(get(ref, 0ms));
      },
      GetTimeout);
  const std::string waits = ", where it waits for object " + refs.back().id().hex() +
                            " to be read back from disk (10485760 bytes), since ";
  const auto argument = remote(are_numbers)(refs.back(), 19L);
  const auto gets = remote([](const Refs& nested) { return are_numbers(get(nested[0]), 19L); })(
      Refs{refs.back()});
  for (const auto& result : {argument, gets}) {
    EXPECT_TRUE(eventually([&] { return result.why().find(waits) != std::string::npos; }))
        << result.why();
  }
  read.clear();
  EXPECT_TRUE(get(argument));
  EXPECT_TRUE(get(gets));
}

// The memory is full of arrays, so that there is no room to read anything back.
TEST_F(SpillingTest, AGetWithATimeoutDoesNotWaitForRoom) {
  open_small();
  const auto refs = put_many(20);
  std::vector<Array<long>> read;
  EXPECT_THROW(
      {
        for (const auto& ref : refs) read.push_back(get(ref, 0ms));
      },
      GetTimeout);
  read.clear();
  EXPECT_TRUE(are_numbers_there(refs));
}

TEST_F(SpillingTest, AFailingDiskIsAnErrorWhereThereIsNoRoomUntilItWorks) {
  const base::FileTree tree;
  const auto directory = tree.root() / "spilled";
  open({.object_store_bytes = 64 * kMiB,
        .spill_dirs = {directory.string()},
        .put_timeout = 500ms,
        .overflow = false});
  fs::remove(directory);
  std::ofstream(directory) << "not a directory";
  Refs refs;
  const auto put_one = [&] { refs.push_back(put(numbers(static_cast<long>(refs.size())))); };
  const std::string error = error_of<OutOfDisk>([&] {
    for (int i = 0; i < 12; ++i) put_one();
  });
  EXPECT_THAT(error, AllOf(HasSubstr("bytes in memory"), HasSubstr(directory.string()),
                           HasSubstr("Not a directory"), HasSubstr("spill_dirs")));
  // For what is no array room is taken only when the function has returned.
  const auto many_parts = [] { return std::vector<std::string>(600'000, std::string(30, 'x')); };
  EXPECT_THAT(error_of<OutOfDisk>([&] { get(remote(many_parts)()); }),
              AllOf(HasSubstr("Not a directory"), HasSubstr("This was for what")));
  fs::remove(directory);
  EXPECT_TRUE(eventually([&] {
    try {
      put_one();
    } catch (const OutOfDisk&) {  // it is left out for some seconds
      return false;
    }
    return true;
  }));
  EXPECT_TRUE(are_numbers_there(refs));
}

TEST_F(SpillingTest, AReaderThatDiesLeavesNothing) {
  open_small(3);
  auto refs = put_many(20);
  auto reader = actor<Keeper>();
  get(reader.call(&Keeper::keep, refs));
  for (int i = 0; i < 5; ++i) {
    const auto reads = reader.call(&Keeper::sound);
    (void)wait(std::vector{reads}, {.timeout = std::chrono::milliseconds(10 * i)});
    reader.kill();
    reader = actor<Keeper>();
    get(reader.call(&Keeper::keep, refs));
  }
  EXPECT_TRUE(are_numbers_there(refs));
  reader.kill();
  refs.clear();
  EXPECT_TRUE(eventually([&] { return store().spilled + store().used == 0; }));
}

// While its objects are asked for, written, or on disk.
TEST_F(SpillingTest, AnOwnerThatDiesWhileItsObjectsAreSpilledLeavesNothing) {
  open_small(3);
  for (long count = 4; count <= 16; count += 3) {
    auto owner = actor<Keeper>();
    const auto fills = owner.call(&Keeper::fill, count);
    (void)wait(std::vector{fills}, {.timeout = std::chrono::milliseconds(5 * count)});
    owner.kill();
  }
  EXPECT_TRUE(eventually([&] { return store().spilled + store().used == 0; }));
  EXPECT_TRUE(are_numbers_there(put_many(20)));
}

TEST_F(SpillingTest, DamagedBytesAreAnErrorAndNeverRead) {
  open_small();
  const auto refs = put_many(20);
  ASSERT_TRUE(damage_spilled(node_pid(), directory()));
  int lost = 0, sound = 0;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    try {
      EXPECT_TRUE(are_numbers(get(refs[i]), static_cast<long>(i))) << i;
      ++sound;
    } catch (const ObjectLost& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr(refs[i].id().hex()), HasSubstr("was on disk")));
      ++lost;
    }
  }
  EXPECT_GT(lost, 10);
  EXPECT_GT(sound, 0);
  EXPECT_THROW(get(remote(are_numbers)(refs[0], 0L)), Error);
}

// Readers, and puts that push out what they read.
TEST_F(SpillingTest, ReadersAndPutsAtOnce) {
  open_small();
  const auto refs = put_many(16);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 3; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      for (int i = 0; i < 40; ++i) {
        const std::size_t which = random() % refs.size();
        if (seed == 0) {
          const auto more = put(numbers(1000 + i));
          wrong += are_numbers(get(more), 1000 + i) ? 0 : 1;
        } else if (random() % 2 == 0) {
          wrong += are_numbers(get(refs[which]), static_cast<long>(which)) ? 0 : 1;
        } else {
          wrong += get(remote(are_numbers)(refs[which], static_cast<long>(which))) ? 0 : 1;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace manta::testing
