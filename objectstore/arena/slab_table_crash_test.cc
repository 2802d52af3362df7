// A process is stopped after every few instructions of its work on the table, and killed there:
// sweep() always finds everything again.
#include <signal.h>
#include <sys/ptrace.h>

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

}  // namespace
}  // namespace manta::objectstore
