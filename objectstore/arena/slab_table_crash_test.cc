// A process is stopped after every few instructions of its work on the table, and killed there:
// sweep() always finds everything again.
#include <optional>
#include <signal.h>
#include <sys/ptrace.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../arena_fixture.h"
#include "slab_table.h"

namespace manta::objectstore {
namespace {

constexpr std::size_t kSlabs = 6;
constexpr SlabCounts kCounts{.budget = kSlabs, .memory = kSlabs};
constexpr OwnerTag kVictim = 3;
constexpr OwnerTag kWitness = 4;

SlabTable new_table(const SharedMemory& memory) {
  SlabTable::initialize(memory.data(), kCounts);
  return SlabTable(memory.data());
}

// Takes a free run of others apart, makes runs and small blocks of it, gives some up, and takes an
// empty slab from the witness.
void work(SlabTable& table) {
  const auto run = table.take_run(kVictim, 2 * kSlabPages, From::kUnused);
  const auto small = table.take_small(kVictim, 40, From::kUnused);
  table.tag_block(*small, 40, 1, kVictim);
  table.set_run_owner(*run, kVictim, kNobody);
  table.tag(*small, 1).store(kNobody);
  table.abandon_small(*small, kVictim, 40);
  (void)table.take_run(kVictim, (kSlabs - 1) * kSlabPages, From::kUnusedAndEmpty);
}

// Lets the process run so many instructions. False: it ended before.
bool step(pid_t pid, int instructions) {
  int status = 0;
  for (int i = 0; i < instructions; ++i) {
    if (::ptrace(PTRACE_SINGLESTEP, pid, nullptr, nullptr) != 0 ||
        ::waitpid(pid, &status, 0) != pid || WIFEXITED(status)) {
      return false;
    }
  }
  return true;
}

TEST(SlabTableCrash, SweepRepairsADeathAtAnyInstruction) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "single steps through a sanitizer's runtime take too long";
#endif
  bool running = true;
  for (int instructions = 0; running; instructions += 43) {
    SharedMemory memory(SlabTable::bytes(kCounts));
    SlabTable table = new_table(memory);
    const auto kept = table.take_run(kWitness, kSlabPages, From::kUnused);
    const auto old = table.take_run(kWitness, 4 * kSlabPages, From::kUnused);
    table.set_run_owner(*old, kWitness, kNobody);
    const auto empty = table.take_small(kWitness, 41, From::kUnused);
    const pid_t pid = in_process([&] {
      if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) {
        ::raise(SIGSTOP);
        work(table);
      }
    });
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (WIFEXITED(status)) {
      GTEST_SKIP() << "ptrace is not allowed here";
    }
    running = step(pid, instructions);
    if (running) {
      ::kill(pid, SIGKILL);
      ended(pid);
    }
    table.sweep(kVictim);
    ASSERT_EQ(table.word(*kept).owner, kWitness) << instructions;
    table.release_small(*empty, kWitness, 41);  // unless it was taken
    ASSERT_TRUE(table.take_run(kWitness, (kSlabs - 1) * kSlabPages, From::kUnused)) << instructions;
  }
}

constexpr std::uint8_t kSpilledClass = size_class_of(300'000);

// Fills slabs, frees some of their blocks, and fills those again, wherever the node lets it.
void allocate_and_free(SlabTable& table) {
  std::optional<std::size_t> slab;
  for (int i = 0; i < 9; ++i) {
    if (!slab) slab = table.adopt_any_small(kVictim, kSpilledClass);
    if (!slab) slab = table.take_small(kVictim, kSpilledClass, From::kUnused);
    if (!slab) return;
    const auto block = static_cast<std::size_t>(i) % SlabTable::blocks_per_slab(kSpilledClass);
    if (table.tag_block(*slab, kSpilledClass, block, kVictim) == SlabTable::Tagged::kSlabLost) {
      slab.reset();
    } else if (i % 3 == 1) {
      table.tag(*slab, block).store(kNobody);
      table.abandon_small(*slab, kVictim, kSpilledClass);
      slab.reset();
    }
  }
}

// The node marks its slabs while it works, and it dies some instructions later.
TEST(SlabTableCrash, ADeathInASlabThatIsSpilledLeavesNothing) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "single steps through a sanitizer's runtime take too long";
#endif
  bool running = true;
  int spilled = 0;
  for (int instructions = 0; running; instructions += 31) {
    SharedMemory memory(SlabTable::bytes(kCounts));
    SlabTable table = new_table(memory);
    const pid_t pid = in_process([&] {
      if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) {
        ::raise(SIGSTOP);
        allocate_and_free(table);
      }
    });
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (WIFEXITED(status)) {
      GTEST_SKIP() << "ptrace is not allowed here";
    }
    running = step(pid, instructions);
    std::vector<std::size_t> marked;
    for (std::size_t slab = 0; slab < kSlabs; ++slab) {
      if (table.set_bytes(slab, RunBytes::kSpilling)) marked.push_back(slab);
    }
    if (running && step(pid, instructions % 200)) {
      ::kill(pid, SIGKILL);
      ended(pid);
    }
    table.sweep(kVictim);
    for (const std::size_t slab : marked) {
      ASSERT_TRUE(table.set_bytes(slab, RunBytes::kOnDisk)) << instructions;
      ASSERT_TRUE(table.all_free(slab, kSpilledClass)) << instructions;
      ASSERT_TRUE(table.set_bytes(slab, RunBytes::kInMemory)) << instructions;
    }
    spilled += static_cast<int>(marked.size());
    ASSERT_THAT(table.faults(), testing::IsEmpty()) << instructions;
    ASSERT_TRUE(table.take_run(kWitness, kSlabs * kSlabPages, From::kUnused)) << instructions;
  }
  EXPECT_GT(spilled, 10);
}

}  // namespace
}  // namespace manta::objectstore
