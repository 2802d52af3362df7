// A Doorbell wakes a process that sleeps, when something was pushed to it. If the process is awake, ringing costs a
// fence and a load. Peers read `state`; its owner writes it, and the peer that rings takes it to kAwake.
//
//   kAwake        somebody serves the rings              -> a push needs no bell
//   kWatched      nobody does, but the ring thread will look within a millisecond -> no bell
//   kRingParked   the ring thread (or the node's loop) sleeps  -> ring it: ring_gen, or the eventfd
//   kUserParked   a user thread in get() serves, and sleeps    -> ring it: user_gen
//
// Protocol (checked in docs/models/progress_baton.pml):
//   peer:  push ........... full fence, read state, if parked: CAS to kAwake, then wake
//   owner: store parked ... full fence, look at the rings once more, then sleep
// One of the two sees the other. Exactly one peer wins the CAS and makes the system call.
//
// Calls do not ring a busy worker: an executor that runs user code looks at its rings as soon as that has
// returned, so that a *call* need not wake the ring thread (ring_unless_busy). Everything else does.
// Threads: any.
#pragma once
#include <atomic>
#include <cstdint>

#include "fence.h"

namespace manta::rpc {

enum class BellState : std::uint32_t { kAwake, kWatched, kRingParked, kUserParked };

enum class BellKind : std::uint32_t { kFutex, kEventFd };

// Zeroed memory is a doorbell: kAwake, kFutex.
struct Doorbell {
  std::atomic<BellState> state;
  // Futex words, which whoever wakes a sleeper counts up. SYNC: a sleeper reads its word before it stores the state
  // that says that it sleeps, see wake_owner().
  std::atomic<std::uint32_t> ring_gen;
  std::atomic<std::uint32_t> user_gen;
  std::atomic<BellKind> kind;
};

// The node sleeps in epoll, so its bell is an eventfd. Every process of a session inherits it
// under a number of its own, which it gives here; -1 when it has no session.
void bind_event_bell(int event_fd);
// Who is to be called, by whichever thread rings, when that number is none of a descriptor any more: without it the
// node cannot be woken. Null: nobody.
void when_event_bell_is_lost(void (*handler)());

// The slow half of ring(): the owner was found parked.
void wake_owner(Doorbell& bell, BellState parked);

// To be called after one or more pushes to the owner of `bell`.
inline void ring(Doorbell& bell) {
  // SYNC: the push becomes visible before we read the state (see the protocol above).
  full_fence();
  const BellState state = bell.state.load(std::memory_order_relaxed);
  if (state >= BellState::kRingParked) [[unlikely]] {
    wake_owner(bell, state);
  }
}

// The same for calls to an executor; `busy` is its page's flag.
inline void ring_call(Doorbell& bell, const std::atomic<std::uint32_t>& busy) {
  // SYNC: as in ring(). A stale `busy` does no harm: kRingParked is stored only when no executor
  // waits for work, and an executor that comes for work looks at the rings itself.
  full_fence();
  const BellState state = bell.state.load(std::memory_order_relaxed);
  if (state < BellState::kRingParked) [[likely]] {
    return;
  }
  if (state == BellState::kRingParked && busy.load(std::memory_order_relaxed) != 0) return;
  wake_owner(bell, state);
}

// For the node's loop, around epoll_wait:
//   arm(bell); if (anything pending) { disarm(bell); serve } else epoll_wait(...); disarm(bell);
// The loop reads the eventfd when it is readable.
inline void arm(Doorbell& bell) {
  // SYNC: the state becomes visible before we look at the rings (see the protocol above).
  bell.state.store(BellState::kRingParked, std::memory_order_relaxed);
  full_fence();
}
inline void disarm(Doorbell& bell) {
  // SYNC: none: a peer that still sees us parked rings once for nothing.
  bell.state.store(BellState::kAwake, std::memory_order_relaxed);
}

}  // namespace manta::rpc
