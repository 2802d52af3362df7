#include <cstring>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "control.h"
#include "futex.h"

namespace manta::rpc {
namespace {

TEST(Doorbell, WhoIsAwakeOrWatchedIsNotRung) {
  Doorbell bell{};
  for (const BellState state : {BellState::kAwake, BellState::kWatched}) {
    bell.state.store(state);
    ring(bell);
    EXPECT_EQ(bell.state.load(), state);
  }
  EXPECT_EQ(bell.ring_gen.load() + bell.user_gen.load(), 0u);
}

TEST(Doorbell, WhoSleepsIsRungOnceAndOnTheRightBell) {
  Doorbell bell{};
  bell.state.store(BellState::kRingParked);
  ring(bell);
  ring(bell);
  EXPECT_EQ(bell.state.load(), BellState::kAwake);
  EXPECT_EQ(bell.ring_gen.load(), 1u);
  bell.state.store(BellState::kUserParked);
  ring(bell);
  EXPECT_EQ(bell.ring_gen.load(), 1u);
  EXPECT_EQ(bell.user_gen.load(), 1u);
}

TEST(Doorbell, ACallDoesNotRingABusyWorkerUnlessAThreadOfItWaits) {
  ProcessPage page{};
  page.busy.store(1);
  page.bell.state.store(BellState::kRingParked);
  ring_unless_busy(page);
  EXPECT_EQ(page.bell.state.load(), BellState::kRingParked);
  page.bell.state.store(BellState::kUserParked);
  ring_unless_busy(page);
  EXPECT_EQ(page.bell.user_gen.load(), 1u);
  page.busy.store(0);
  page.bell.state.store(BellState::kRingParked);
  ring_unless_busy(page);
  EXPECT_EQ(page.bell.ring_gen.load(), 1u);
}

TEST(Doorbell, TheNodesBellIsAnEventFd) {
  Doorbell bell{};
  bell.kind.store(BellKind::kEventFd);
  const base::Fd event(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  bind_event_bell(event.get());
  std::uint64_t count = 0;
  ring(bell);
  EXPECT_EQ(read(event.get(), &count, sizeof count), -1);  // awake
  arm(bell);
  ring(bell);
  EXPECT_EQ(read(event.get(), &count, sizeof count), static_cast<ssize_t>(sizeof count));
  disarm(bell);
  bind_event_bell(-1);
}

// The simplest owner of a doorbell: one thread that serves, and sleeps as the ring thread does.
std::span<const std::byte> next_message(RingReader& in, Doorbell& bell) {
  for (;;) {
    if (const auto front = in.front(); !front.empty()) return front;
    const std::uint32_t gen = bell.ring_gen.load(std::memory_order_acquire);
    bell.state.store(BellState::kRingParked, std::memory_order_relaxed);
    full_fence();
    if (in.empty()) futex_wait(bell.ring_gen, gen);
    bell.state.store(BellState::kAwake, std::memory_order_relaxed);
  }
}

bool send(RingWriter& out, Doorbell& peer, std::uint32_t value) {
  std::byte* const room = out.reserve(sizeof value);
  if (room == nullptr) return false;
  std::memcpy(room, &value, sizeof value);
  out.commit();
  ring(peer);
  return true;
}

std::uint32_t receive(RingReader& in, Doorbell& bell) {
  std::uint32_t value = 0;
  std::memcpy(&value, next_message(in, bell).data(), sizeof value);
  in.pop();
  return value;
}

TEST(Doorbell, TwoProcessesNeverMissEachOther) {
  constexpr std::uint32_t kRounds = 3000;
  const base::Fd fd = Control::create({.arena_bytes = 1u << 20});
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  const Control control(fd.get());  // a mapping does not survive fork
  const Lane lane = control.lane(3);
  Doorbell& caller = control.process(1).bell;
  Doorbell& callee = control.process(2).bell;
  if (child == 0) {
    RingReader in(lane.to_callee);
    RingWriter out(lane.to_caller);
    for (std::uint32_t i = 0; i < kRounds; ++i) {
      if (!send(out, caller, receive(in, callee) + 1)) _exit(1);
    }
    _exit(0);
  }
  RingReader in(lane.to_caller);
  RingWriter out(lane.to_callee);
  std::uint32_t wrong = 0;
  for (std::uint32_t i = 0; i < kRounds; ++i) {
    ASSERT_TRUE(send(out, callee, i));
    wrong += receive(in, caller) != i + 1;
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(wrong, 0u);
}

}  // namespace
}  // namespace manta::rpc
