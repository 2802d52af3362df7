// Values of many small parts (lists of strings, maps, structs) are one stream of bytes each. Where nobody reads them
// they make room for others, as arrays do.
#include "spilled_parts.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include <manta/manta.h>

#include "error_of.h"
#include "spilled_files.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST_F(SpilledParts, PutsGoOnBeyondTheStore) {
  open_small();
  auto refs = put_many(kMany);
  EXPECT_LE(store().used, 64 * kMiB);
  EXPECT_GE(store().spilled, 190 * kMiB);
  EXPECT_THAT(refs[1].why(), HasSubstr("bytes of it lie on disk"));
  EXPECT_EQ(wrong_of(refs), 0);
  EXPECT_EQ(wrong_of(refs), 0) << "read once more";
  refs.clear();
  EXPECT_TRUE(all_gone());
}

struct Part {
  std::string name;
  long number = 0;
  std::vector<int> few;
  bool operator==(const Part&) const = default;
};
struct Mixed {
  std::map<std::string, long> numbers;
  std::vector<Part> parts;
  Array<long> array;
  Array<long> large_array;
};
Mixed mixed(long which) {
  Mixed made{{}, {}, full<long>(1000, which), full<long>(200'000, which)};
  for (long i = 0; i < 1'000; ++i) {
    const std::string name = std::string(1'000, 'n') + std::to_string(which + i);
    made.numbers.emplace(name, i);
    made.parts.push_back({name, which, {1, 2, 3}});
  }
  return made;
}
bool are_mixed(const Mixed& found, long which) {
  const Mixed made = mixed(which);
  return found.numbers == made.numbers && found.parts == made.parts &&
         std::ranges::equal(found.array, made.array) &&
         std::ranges::equal(found.large_array, made.large_array);
}

// Some arrays of them are held: the other parts go without them.
TEST_F(SpilledParts, MapsAndStructsWithArraysToo) {
  open_small();
  std::vector<ObjectRef<Mixed>> refs;
  std::vector<Array<long>> held;
  for (long i = 0; i < 70; ++i) {
    refs.push_back(put(mixed(i)));
    if (i % 10 == 0) held.push_back(get(refs.back()).array);
  }
  EXPECT_GE(store().spilled, 150 * kMiB);
  for (std::size_t i = 0; i < held.size(); ++i) EXPECT_EQ(held[i][999], static_cast<long>(10 * i));
  for (std::size_t i = 0; i < refs.size(); ++i) {
    EXPECT_TRUE(are_mixed(get(refs[i]), static_cast<long>(i))) << i;
  }
  EXPECT_TRUE(get(remote(are_mixed)(refs[3], 3L)));
}

TEST_F(SpilledParts, ResultsAreSpilledToo) {
  open_small();
  Refs refs;
  for (long i = 0; i < kMany; ++i) refs.push_back(remote(words)(i));
  (void)wait(refs, {.num_ready = refs.size()});
  EXPECT_GE(store().spilled, 150 * kMiB);
  EXPECT_EQ(get(remote(wrong_of)(refs)), 0) << "read by a worker";
  EXPECT_EQ(wrong_of(refs), 0);
  refs.clear();
  EXPECT_TRUE(all_gone());
}

Generator<Words> words_one_by_one(long count) {
  for (long i = 0; i < count; ++i) {
    Words next = words(i);
    co_yield std::move(next);
  }
}

TEST_F(SpilledParts, ItemsOfGeneratorsAreSpilledToo) {
  open_small();
  Refs refs;
  for (auto& ref : remote(words_one_by_one)(kMany)) refs.push_back(ref);
  (void)wait(refs, {.num_ready = refs.size()});
  EXPECT_GE(store().spilled, 150 * kMiB);
  EXPECT_EQ(wrong_of(refs), 0);
}

TEST_F(SpilledParts, TasksReadThemAsArguments) {
  open_small();
  const auto refs = put_many(kMany);
  std::vector<ObjectRef<bool>> results;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    results.push_back(remote(are_words)(refs[i], static_cast<long>(i)));
  }
  for (std::size_t i = 0; i < refs.size(); ++i) EXPECT_TRUE(get(results[i])) << i;
  const auto count = remote([](const std::vector<Words>& all) { return all.size(); });
  EXPECT_EQ(get(count(Refs(refs.begin(), refs.begin() + 20))), 20U) << "as a list";
}

struct Referring {
  Words names;
  std::vector<ObjectRef<long>> numbers;
  ObjectRef<Words> other;
};
Referring referring(long which) {
  Referring made{words(which), {}, put(words(which + 1))};
  for (long i = 0; i < 100; ++i) made.numbers.push_back(put(which + i));
  return made;
}
bool is_referring(const Referring& found, long which) {
  if (!are_words(found.names, which) || !are_words(get(found.other), which + 1)) return false;
  for (long i = 0; i < 100; ++i) {
    if (get(found.numbers.at(static_cast<std::size_t>(i))) != which + i) return false;
  }
  return true;
}
bool are_referring(const std::vector<ObjectRef<Referring>>& refs) {
  for (std::size_t i = 0; i < refs.size(); ++i) {
    if (!is_referring(get(refs[i]), static_cast<long>(i))) return false;
  }
  return true;
}

// They keep what they refer to, also while they lie on disk, and no longer.
TEST_F(SpilledParts, RefsInsideAreCounted) {
  open_small();
  std::vector<ObjectRef<Referring>> refs;
  for (long i = 0; i < 80; ++i) {
    refs.push_back(i % 2 == 0 ? put(referring(i)) : remote(referring)(i));
  }
  (void)wait(refs, {.num_ready = refs.size()});
  EXPECT_GE(store().spilled, 100 * kMiB);
  EXPECT_TRUE(are_referring(refs));
  EXPECT_TRUE(get(remote(are_referring)(refs))) << "passed on as refs";
  std::vector<ObjectRef<bool>> read;
  for (long i = 0; i < 80; ++i) {
    read.push_back(remote(is_referring)(std::exchange(refs[static_cast<std::size_t>(i)], {}), i));
  }
  for (std::size_t i = 0; i < read.size(); ++i) EXPECT_TRUE(get(read[i])) << i;
  EXPECT_TRUE(all_gone());
}

TEST_F(SpilledParts, DamagedBytesAreAnErrorAndNeverRead) {
  open_small();
  const auto refs = put_many(kMany);
  ASSERT_TRUE(damage_spilled(node_pid(), directory()));
  int lost = 0, sound = 0;
  std::size_t last_lost = 0;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    try {
      EXPECT_TRUE(are_words(get(refs[i]), static_cast<long>(i))) << i;
      ++sound;
    } catch (const ObjectLost& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr(refs[i].id().hex()), HasSubstr("was on disk")));
      ++lost;
      last_lost = i;
    }
  }
  EXPECT_GT(lost, 20);
  EXPECT_GT(sound, 0);
  const auto read = remote(are_words)(refs[last_lost], static_cast<long>(last_lost));
  EXPECT_THAT(error_of<ObjectLost>([&] { get(read); }), HasSubstr("was on disk"));
  EXPECT_THROW((void)try_get(refs[last_lost])->value(), ObjectLost);
}

TEST_F(SpilledParts, SeveralReadOneAtOnceWhileItIsReadBack) {
  open_small();
  const auto refs = put_many(kMany);
  constexpr std::size_t kRounds = 40;  // the oldest: all on disk
  std::atomic<int> wrong{0};
  std::barrier round(3);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::size_t i = 0; i < kRounds; ++i) {
        round.arrive_and_wait();
        const auto which = static_cast<long>(i);
        wrong +=
            (thread == 0 ? get(remote(are_words)(refs[i], which)) : are_words(get(refs[i]), which))
                ? 0
                : 1;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// Readers, puts that push out what they read, and drops.
TEST_F(SpilledParts, ReadersAndPutsAtOnce) {
  open_small();
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 3; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      std::vector<std::pair<long, ObjectRef<Words>>> mine;
      for (long i = 0; i < 120; ++i) {
        mine.emplace_back(i, put(words(i)));
        const auto& [which, ref] = mine[random() % mine.size()];
        if (random() % 2 == 0) wrong += are_words(get(ref), which) ? 0 : 1;
        if (random() % 4 == 0) wrong += get(remote(are_words)(ref, which)) ? 0 : 1;
        if (mine.size() > 60) {
          mine.erase(mine.begin() + static_cast<std::ptrdiff_t>(random() % mine.size()));
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(all_gone());
}

struct Keeper {
  void keep(Refs refs) { refs_ = std::move(refs); }
  void fill(long count) { refs_ = put_many(count); }
  int wrong() const { return wrong_of(refs_); }
  Refs refs_;
};

TEST_F(SpilledParts, WhatActorsHoldIsSpilledAndReadThere) {
  open_small(3);
  auto maker = actor<Keeper>();
  auto borrower = actor<Keeper>();
  get(maker.call(&Keeper::fill, 100));
  get(borrower.call(&Keeper::keep, put_many(100)));
  EXPECT_GE(store().spilled, 150 * kMiB);
  EXPECT_EQ(get(maker.call(&Keeper::wrong)), 0);
  EXPECT_EQ(get(borrower.call(&Keeper::wrong)), 0);
  maker.kill();
  borrower.kill();
  EXPECT_TRUE(all_gone());
}

// While they are asked for, written, or on disk.
TEST_F(SpilledParts, AnOwnerThatDiesLeavesNothing) {
  open_small(3);
  for (long count = 20; count <= 120; count += 25) {
    auto owner = actor<Keeper>();
    const auto fills = owner.call(&Keeper::fill, count);
    (void)wait(std::vector{fills}, {.timeout = std::chrono::milliseconds(count)});
    owner.kill();
  }
  EXPECT_TRUE(all_gone());
  EXPECT_EQ(wrong_of(put_many(100)), 0);
}

}  // namespace
}  // namespace manta::testing
