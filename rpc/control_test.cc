#include "control.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

#include <gtest/gtest.h>

#include "../base/file_tree_fixture.h"

namespace manta::rpc {
namespace {

class ControlTest : public testing::Test {
 protected:
  base::Fd fd_ = Control::create(
      {.arena_bytes = 64u << 20, .cores = 3, .wake_cost = std::chrono::microseconds(7)});
  Control control_{fd_.get()};
};

bool push_byte(RingMemory memory, unsigned char value) {
  RingWriter writer(memory);
  std::byte* const room = writer.reserve(1);
  if (room == nullptr) return false;
  *room = std::byte{value};
  writer.commit();
  return true;
}

int pop_byte(RingMemory memory) {
  RingReader reader(memory);
  const auto front = reader.front();
  if (front.empty()) return -1;
  const int value = static_cast<int>(front[0]);
  reader.pop();
  return value;
}

TEST_F(ControlTest, TellsWhatTheNodeHasSaid) {
  EXPECT_EQ(control_.session().arena_bytes, 64u << 20);
  EXPECT_GE(control_.store_meta_size(), 8u << 20);
  EXPECT_EQ(control_.session().cores.cores.load(), 3u);
  EXPECT_EQ(control_.cores(4).spin_time(), std::chrono::microseconds(14));
}

TEST_F(ControlTest, AnotherMappingSeesEveryPartInItsOwnPlace) {
  const Control other(fd_.get());
  const Slot slots[] = {0, 1, 2, kMaxSlots - 1};
  const std::uint32_t lanes[] = {0, 1, kMaxLanes - 1};
  unsigned char value = 0;
  for (const Slot slot : slots) {
    ASSERT_TRUE(push_byte(control_.node_rings(slot).to_node, ++value));
    ASSERT_TRUE(push_byte(control_.node_rings(slot).from_node, ++value));
    control_.process(slot).pid.store(++value);
  }
  for (const std::uint32_t lane : lanes) {
    ASSERT_TRUE(push_byte(control_.lane(lane).to_callee, ++value));
    ASSERT_TRUE(push_byte(control_.lane(lane).to_caller, ++value));
    control_.lane(lane).header->started.store(++value);
  }
  std::memset(control_.store_meta(), 0xff, control_.store_meta_size());

  value = 0;
  for (const Slot slot : slots) {
    EXPECT_EQ(pop_byte(other.node_rings(slot).to_node), ++value);
    EXPECT_EQ(pop_byte(other.node_rings(slot).from_node), ++value);
    EXPECT_EQ(other.process(slot).pid.load(), ++value);
  }
  for (const std::uint32_t lane : lanes) {
    EXPECT_EQ(pop_byte(other.lane(lane).to_callee), ++value);
    EXPECT_EQ(pop_byte(other.lane(lane).to_caller), ++value);
    EXPECT_EQ(other.lane(lane).header->started.load(), ++value);
  }
}

TEST_F(ControlTest, ADiscardedLaneIsNewAndItsNeighboursAreNot) {
  for (const std::uint32_t lane : {4u, 5u, 6u}) {
    ASSERT_TRUE(push_byte(control_.lane(lane).to_caller, 9));
    control_.lane(lane).header->caller.store(77);
  }
  control_.discard_lane(5);
  EXPECT_EQ(control_.lane(5).header->caller.load(), 0u);
  EXPECT_EQ(pop_byte(control_.lane(5).to_caller), -1);
  EXPECT_EQ(pop_byte(control_.lane(4).to_caller), 9);
  EXPECT_EQ(pop_byte(control_.lane(6).to_caller), 9);
}

TEST_F(ControlTest, ADiscardedSlotHasTheNextEpochAndNoActiveThreads) {
  ProcessPage& page = control_.process(8);
  page.epoch.store(3);
  page.busy.store(1);
  page.crash.complete.store(1);
  page.active_threads.store(2);
  control_.session().cores.active.store(5);
  ASSERT_TRUE(push_byte(control_.node_rings(8).to_node, 1));

  control_.discard_slot(8);

  EXPECT_EQ(page.epoch.load(), 4u);
  EXPECT_EQ(page.busy.load(), 0u);
  EXPECT_EQ(page.crash.complete.load(), 0u);
  EXPECT_EQ(control_.session().cores.active.load(), 3);
  EXPECT_EQ(pop_byte(control_.node_rings(8).to_node), -1);
}

TEST_F(ControlTest, MemoryIsInUseFromTheFirstWriteUntilItIsDiscarded) {
  const std::uint64_t before = Control::memory_in_use(fd_.get());
  const Lane lane = control_.lane(77);
  EXPECT_EQ(Control::memory_in_use(fd_.get()), before) << "nobody has used the lane";
  lane.header->caller.store(1);
  std::memset(lane.to_callee.data, 1, kLaneRingBytes);
  std::memset(control_.node_rings(9).from_node.data, 1, 10000);
  EXPECT_EQ(Control::memory_in_use(fd_.get()), before + kLaneRingBytes + 4 * 4096);
  control_.discard_lane(77);
  control_.discard_slot(9);
  EXPECT_EQ(Control::memory_in_use(fd_.get()), before + 4096) << "the page of the process stays";
}

TEST(Control, RefusesWhatItDoesNotKnow) {
  const base::Fd empty(memfd_create("empty", MFD_CLOEXEC));
  ASSERT_EQ(ftruncate(empty.get(), 1 << 20), 0);
  EXPECT_THROW(Control{empty.get()}, std::runtime_error);
  EXPECT_THROW(Control{-1}, std::system_error);
}

TEST(Cores, OneCoreForEachActiveThread) {
  CoresPage session{};
  session.cores.store(2);
  std::atomic<std::int32_t> a{0};
  std::atomic<std::int32_t> b{0};
  Cores cores_a(session, a);
  Cores cores_b(session, b);
  cores_a.enter();
  cores_b.enter();
  EXPECT_TRUE(cores_a.may_spin());
  cores_b.enter();
  EXPECT_FALSE(cores_a.may_spin());
  Cores::forget(session, b);  // its process died
  EXPECT_TRUE(cores_a.may_spin());
  EXPECT_EQ(session.active.load(), 1);
  cores_a.leave();
  EXPECT_EQ(session.active.load(), 0);
}

TEST(Cores, AWaitingThreadIsCountedOnce) {
  CoresPage session{};
  std::atomic<std::int32_t> own{0};
  Cores cores(session, own);
  {
    const ActiveThread waiting(cores);
    EXPECT_EQ(own.load(), 1);
    const ActiveThread again(cores);
    EXPECT_EQ(own.load(), 1);
  }
  EXPECT_EQ(own.load(), 0);
}

TEST(Cores, SpinningEnds) {
  CoresPage session{};
  std::atomic<std::int32_t> own{0};
  Cores cores(session, own);
  for (const std::uint32_t count : {1u, 2u}) {
    session.cores.store(count);
    session.wake_cost.store(1000);
    Spin spin(cores, std::nullopt);
    while (spin.again()) {
    }
  }
  session.active.store(3);  // no core is left over: not even once
  Spin spin(cores, std::nullopt);
  EXPECT_FALSE(spin.again());
}

TEST(Cores, TheWakeCostIsWithinReason) {
  EXPECT_GE(measure_wake_cost(), std::chrono::microseconds(5));
  EXPECT_LE(measure_wake_cost(), std::chrono::microseconds(200));
}

// Whose cgroup has that cpu.max.
class QuotaTree : public base::FileTree {
 public:
  explicit QuotaTree(const std::string& cpu_max) {
    write("proc/self/cgroup", "0::/\n");
    write("proc/self/mountinfo", "1 2 0:3 / /cg rw - cgroup2 cgroup2 rw\n");
    write("cg/cpu.max", cpu_max + "\n");
  }
};

TEST(Cores, AQuotaCountsRoundedUpAndAtLeastOne) {
  const std::uint32_t all = usable_cores("/nowhere");
  EXPECT_GE(all, 1u);
  EXPECT_EQ(usable_cores(QuotaTree("1000 100000").root()), 1u);
  EXPECT_EQ(usable_cores(QuotaTree("100001 100000").root()), std::min(all, 2u));
  EXPECT_EQ(usable_cores(QuotaTree("max 100000").root()), all);
  EXPECT_EQ(usable_cores(QuotaTree("100000000 100000").root()), all);
}

}  // namespace
}  // namespace manta::rpc
