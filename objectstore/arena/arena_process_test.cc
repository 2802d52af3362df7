// Processes that share an arena and are killed at any moment: what they owned comes back, nothing
// else is touched.
#include <atomic>
#include <cstring>
#include <deque>
#include <random>
#include <signal.h>

#include <gtest/gtest.h>

#include "../arena_fixture.h"
#include "arena.h"

namespace manta::objectstore {
namespace {

constexpr OwnerTag kVictim = 5;
constexpr OwnerTag kWitness = 6;
constexpr std::size_t kArena = 24 * kMiB;

struct Progress {
  std::atomic<int> steps{0};
};

std::size_t random_size(std::mt19937& random) {
  return random() % 4 == 0 ? kMiB / 2 + random() % (3 * kMiB) : random() % 100'000 + 1;
}

// Allocates, hands over and frees until it is killed.
[[noreturn]] void live(ArenaFixture& fixture, Progress& progress, unsigned seed) {
  Arena arena = fixture.arena(kVictim);
  std::mt19937 random(seed);
  std::deque<std::uint64_t> mine;
  for (;;) {
    if (const auto block = arena.allocate(random_size(random)); block.ok()) {
      mine.push_back(block->offset);
    }
    if (mine.size() > 12 || (random() % 4 == 0 && !mine.empty())) {
      arena.free(mine.front());
      mine.pop_front();
    }
    if (random() % 16 == 0) {
      arena.trim();
    }
    progress.steps.fetch_add(1);
  }
}

void kill_after(pid_t pid, Progress& progress, int steps) {
  while (progress.steps.load() < steps) {
    ::usleep(0);
  }
  ::kill(pid, SIGKILL);
  ended(pid);
}

TEST(ArenaProcess, WhateverAKilledProcessWasDoingItsMemoryComesBack) {
  std::mt19937 random(20240607);
  ArenaFixture fixture(kArena);
  Arena node = fixture.arena(kNodeTag);
  for (int round = 0; round < 60; ++round) {
    SharedMemory memory(4096);
    auto* const progress = memory.make<Progress>();
    const unsigned seed = static_cast<unsigned>(random());
    const pid_t pid = in_process([&] { live(fixture, *progress, seed); });
    kill_after(pid, *progress, static_cast<int>(random() % 400 + 1));
    node.sweep(kVictim);
    ASSERT_EQ(node.stats().used, 0u) << "seed " << seed;
    node.settle();
    node.settle();
    const auto all = node.allocate(kArena, Population::kLater);
    ASSERT_TRUE(all.ok()) << "seed " << seed;
    node.free(all->offset);
  }
}

TEST(ArenaProcess, WhatAKilledProcessHandedOverStays) {
  ArenaFixture fixture(kArena);
  Arena node = fixture.arena(kNodeTag);
  SharedMemory memory(4096);
  auto* const offset = memory.make<std::atomic<std::uint64_t>>();
  const pid_t pid = in_process([&] {
    Arena arena = fixture.arena(kVictim);
    const auto block = arena.allocate(5 * kMiB);
    std::memset(arena.writable(block->offset), 9, 5 * kMiB);
    (void)arena.allocate(3 * kMiB);
    arena.hand_over(block->offset, kNodeTag);
    offset->store(block->offset);
    ::kill(::getpid(), SIGKILL);
  });
  ended(pid);
  node.sweep(kVictim);
  EXPECT_EQ(node.stats().used, 5 * kMiB);
  EXPECT_EQ(node.readable(offset->load())[5 * kMiB - 1], std::byte{9});
  node.free(offset->load());
}

TEST(ArenaProcess, OneProcessDiesWhileAnotherGoesOn) {
  std::mt19937 random(7);
  ArenaFixture fixture(kArena);
  Arena node = fixture.arena(kNodeTag);
  Arena witness = fixture.arena(kWitness);
  for (int round = 0; round < 20; ++round) {
    SharedMemory memory(4096);
    auto* const progress = memory.make<Progress>();
    const unsigned seed = static_cast<unsigned>(random());
    const pid_t pid = in_process([&] { live(fixture, *progress, seed); });
    std::deque<std::uint64_t> mine;
    const int steps = static_cast<int>(random() % 300 + 1);
    while (progress->steps.load() < steps) {
      if (const auto block = witness.allocate(random_size(random)); block.ok()) {
        witness.writable(block->offset)[0] = std::byte{77};
        mine.push_back(block->offset);
      }
      if (mine.size() > 3) {
        ASSERT_EQ(witness.readable(mine.front())[0], std::byte{77});
        witness.free(mine.front());
        mine.pop_front();
      }
    }
    kill_after(pid, *progress, steps);
    node.sweep(kVictim);
    for (const std::uint64_t offset : mine) {
      ASSERT_EQ(witness.readable(offset)[0], std::byte{77}) << "seed " << seed;
      witness.free(offset);
    }
    ASSERT_EQ(node.stats().used, 0u) << "seed " << seed;
  }
}

}  // namespace
}  // namespace manta::objectstore
