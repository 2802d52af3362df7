// Arrays of 64 KiB to 512 KiB share slabs of the store. Where nobody reads them they make room for others, a slab at a
// time.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include <manta/manta.h>

#include "small_store_fixture.h"

namespace manta::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kKiB = std::size_t{1} << 10;
constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kCount = 100 * kKiB / sizeof(long);
constexpr long kMany = 2000;

Array<long> numbers(long first, std::size_t count = kCount) {
  auto made = uninitialized<long>(count);
  for (std::size_t i = 0; i < count; ++i) made[i] = first + static_cast<long>(i);
  return std::move(made).freeze();
}
bool are_numbers(const Array<long>& array, long first) {
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (array[i] != first + static_cast<long>(i)) return false;
  }
  return array.size() != 0;
}

using Refs = std::vector<ObjectRef<Array<long>>>;

// How many are wrong.
int wrong_of(const Refs& refs) {
  int wrong = 0;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    wrong += are_numbers(get(refs[i]), static_cast<long>(i)) ? 0 : 1;
  }
  return wrong;
}
Refs put_many(long count) {
  Refs refs;
  for (long i = 0; i < count; ++i) refs.push_back(put(numbers(i)));
  return refs;
}

class SpilledSlabs : public SmallStoreTest {};

TEST_F(SpilledSlabs, PutsGoOnBeyondTheStore) {
  open_small();
  auto refs = put_many(kMany);
  EXPECT_LE(store().used, 64 * kMiB);
  EXPECT_GE(store().spilled, 130 * kMiB);
  EXPECT_EQ(wrong_of(refs), 0);
  refs.clear();
  EXPECT_TRUE(all_gone());
}

TEST_F(SpilledSlabs, ResultsAreSpilledToo) {
  open_small();
  Refs refs;
  const auto make = remote([](long first) { return numbers(first); });
  for (long i = 0; i < kMany; ++i) refs.push_back(make(i));
  (void)wait(refs, {.num_ready = refs.size()});
  EXPECT_GE(store().spilled, 130 * kMiB);
  EXPECT_EQ(get(remote(wrong_of)(refs)), 0) << "read by a worker";
  refs.erase(refs.begin() + 300, refs.end());
  EXPECT_EQ(wrong_of(refs), 0);
  refs.clear();
  EXPECT_TRUE(all_gone());
}

TEST_F(SpilledSlabs, TasksReadThemAsArguments) {
  open_small();
  const auto refs = put_many(1000);
  std::vector<ObjectRef<bool>> results;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    results.push_back(remote(are_numbers)(refs[i], static_cast<long>(i)));
  }
  for (std::size_t i = 0; i < refs.size(); ++i) EXPECT_TRUE(get(results[i])) << i;
}

// One of each slab, or nearly: so much stays, and the rest goes through what is left.
TEST_F(SpilledSlabs, WhatIsReadStaysWhereItIs) {
  open_small();
  Refs refs;
  std::vector<std::pair<long, Array<long>>> read;
  for (long i = 0; i < kMany; ++i) {
    refs.push_back(put(numbers(i)));
    if (i % 40 == 0 && i < 1000) read.emplace_back(i, get(refs.back()));
  }
  EXPECT_GE(store().spilled, 130 * kMiB);
  for (const auto& [first, array] : read) EXPECT_TRUE(are_numbers(array, first)) << first;
  EXPECT_EQ(wrong_of(refs), 0);
  for (const auto& [first, array] : read) EXPECT_TRUE(are_numbers(array, first)) << first;
}

struct Keeper {
  void fill(long count) { refs_ = put_many(count); }
  void keep(Refs refs) { refs_ = std::move(refs); }
  int wrong() const { return wrong_of(refs_); }
  Refs refs_;
};

// While they are asked for, written, or on disk.
TEST_F(SpilledSlabs, AnOwnerThatDiesLeavesNothing) {
  open_small(3);
  for (long count = 200; count <= 1400; count += 300) {
    auto owner = actor<Keeper>();
    const auto fills = owner.call(&Keeper::fill, count);
    (void)wait(std::vector{fills}, {.timeout = std::chrono::milliseconds(count / 10)});
    owner.kill();
  }
  auto owner = actor<Keeper>();
  get(owner.call(&Keeper::fill, kMany));
  EXPECT_GE(store().spilled, 100 * kMiB);
  owner.kill();
  EXPECT_TRUE(all_gone());
  EXPECT_EQ(wrong_of(put_many(1000)), 0);
}

TEST_F(SpilledSlabs, ABorrowerReadsThemAfterTheirOwnerHasDroppedThem) {
  open_small(3);
  auto keeper = actor<Keeper>();
  get(keeper.call(&Keeper::keep, put_many(1000)));
  EXPECT_EQ(get(keeper.call(&Keeper::wrong)), 0);
  keeper.kill();
  EXPECT_TRUE(all_gone());
}

// Always 700 of them: what is freed on disk is given back, there and in the arena.
TEST_F(SpilledSlabs, WhatIsFreedOnDiskIsUsedAgain) {
  open_small();
  std::deque<std::pair<long, ObjectRef<Array<long>>>> window;
  std::size_t most = 0;
  for (long i = 0; i < 2500; ++i) {
    window.emplace_back(i, put(numbers(i)));
    if (window.size() > 700) window.pop_front();
    if (i % 250 == 0) {
      most = std::max(most, on_disk());
      EXPECT_TRUE(are_numbers(get(window.front().second), window.front().first)) << i;
    }
  }
  EXPECT_GT(most, 20 * kMiB);
  EXPECT_LT(most, 300 * kMiB);
  window.clear();
  EXPECT_TRUE(all_gone());
}

// Those that stay lie in slabs of those that go.
TEST_F(SpilledSlabs, InRandomOrderAndOfAllSizes) {
  open_small();
  constexpr std::size_t kSizes[] = {64 * kKiB,  72 * kKiB,  100 * kKiB, 200 * kKiB,
                                    300 * kKiB, 512 * kKiB, 600 * kKiB, 2 * kMiB};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 3; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      std::vector<std::pair<long, ObjectRef<Array<long>>>> mine;
      for (long i = 0; i < 400; ++i) {
        const std::size_t count = kSizes[random() % std::size(kSizes)] / sizeof(long);
        mine.emplace_back(i, put(numbers(i, count)));
        const auto& [first, ref] = mine[random() % mine.size()];
        if (random() % 4 == 0) {
          wrong += are_numbers(get(ref), first) ? 0 : 1;
        } else if (random() % 8 == 0) {
          wrong += get(remote(are_numbers)(ref, first)) ? 0 : 1;
        }
        if (mine.size() > 150) {
          mine.erase(mine.begin() + static_cast<std::ptrdiff_t>(random() % mine.size()));
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(all_gone());
}

// They share slabs with arrays of their size.
TEST_F(SpilledSlabs, LargeTextsToo) {
  open_small();
  const auto text = [](int i) { return std::string(90'000, static_cast<char>('a' + i % 26)); };
  std::vector<ObjectRef<std::string>> texts;
  for (int i = 0; i < 1000; ++i) texts.push_back(put(text(i)));
  EXPECT_GE(store().spilled, 20 * kMiB);
  const auto refs = put_many(1000);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(get(texts[static_cast<std::size_t>(i)]), text(i));
  const auto same = remote([](const std::string& found) { return found; });
  for (int i = 0; i < 300; i += 7) {
    EXPECT_EQ(get(same(texts[static_cast<std::size_t>(i)])), text(i));
  }
  EXPECT_EQ(wrong_of(refs), 0);
}

}  // namespace
}  // namespace manta::testing
