// Progress: the ring thread, which serves while no user thread does.
//
//                 rung, and user threads are active             a tick without activity
//   asleep untimed ----------------------------> ticking (1 ms) -----------------------> asleep
//   (kUntimed; state kRingParked if the baton is free)  (state kWatched if it is free)
//
// It goes to sleep without a tick only in one step with what makes that safe: giving up the baton in state
// kRingParked when nothing is pending, or finding the baton held, by a thread that will then see kUntimed.
#include <pthread.h>

#include "../base/signals_blocked.h"
#include "../base/start_affinity.h"
#include "progress.h"

namespace manta::rpc {
namespace {

constexpr std::chrono::milliseconds kTick{1};

}  // namespace

void Progress::start() {
  const base::SignalsBlocked inherited_by_the_thread;
  // SYNC: none: it only says whether to call the ring thread.
  started_.store(true, std::memory_order_relaxed);
  try {
    ring_thread_ = std::thread([this] { run_ring_thread(); });
  } catch (...) {  // no thread can be made
    started_.store(false, std::memory_order_relaxed);
    throw;
  }
}

void Progress::stop() {
  if (!ring_thread_.joinable()) return;
  // SYNC: the bell that follows carries it: the ring thread looks at it after each wake-up.
  stopping_.store(true, std::memory_order_release);
  wake_ring_thread();
  ring_thread_.join();
  started_.store(false, std::memory_order_relaxed);
  // SYNC: whoever leaves from now on sees that nobody ticks.
  word_.fetch_or(kUntimed, std::memory_order_acq_rel);
}

void Progress::run_ring_thread() {
  pthread_setname_np(pthread_self(), "manta-ring");
  base::run_on_start_cores();
  for (;;) {
    // SYNC: the count is taken before we look at anything, so that a later bell ends the sleep.
    const std::uint32_t gen = page_.bell.ring_gen.load(std::memory_order_acquire);
    if (stopping_.load(std::memory_order_acquire)) return;
    const bool tick = look(gen);
    futex_wait(page_.bell.ring_gen, gen,
               tick ? Deadline(std::chrono::steady_clock::now() + kTick) : std::nullopt);
  }
}

// As long as user threads have been here since the last look, it ticks.
bool Progress::look(std::uint32_t gen) {
  // SYNC: none: a count that is only compared with its last value.
  const std::uint32_t activity = activity_.load(std::memory_order_relaxed);
  const bool active = std::exchange(seen_activity_, activity) != activity;
  for (;;) {
    if (try_take()) {
      active ? leave_watched() : leave_parked(gen);
      return active;
    }
    if (active) {
      // SYNC: the holder sees, when it leaves, that we tick.
      word_.fetch_and(~kUntimed, std::memory_order_acq_rel);
      return true;
    }
    if (leave_it_to_holder(gen)) return false;
  }
}

// Gives the baton up between two ticks: peers need not ring.
void Progress::leave_watched() {
  for (;;) {
    poll_once();
    poll_if_kicked();
    // SYNC: acquire: whoever is in line or has kicked did so before this. Release: whoever leaves from now on sees that
    // we tick.
    std::uint64_t word = word_.load(std::memory_order_acquire);
    if ((word & kKicked) != 0) continue;
    word_.fetch_and(~kUntimed, std::memory_order_acq_rel);
    if (anyone_in_line(word) && (word & kComing) == 0) {
      if (hand_on()) return;
      continue;
    }
    // SYNC: none: with the baton, only a peer's ring can change the state, and that to kAwake.
    if (page_.bell.state.load(std::memory_order_relaxed) != BellState::kWatched) {
      set_state(BellState::kWatched);
    }
    word &= ~kUntimed;
    // SYNC: what we did, and the state, become visible to the next holder.
    if (word_.compare_exchange_strong(word, word & ~kHeld, std::memory_order_acq_rel,
                                      std::memory_order_relaxed)) {
      return;
    }
  }
}

// Gives the baton up before a sleep without a tick: peers must ring.
void Progress::leave_parked(std::uint32_t gen) {
  do {
    set_state(BellState::kAwake);
    poll_once();
    poll_if_kicked();
  } while (!try_leave_parked(gen));
}

bool Progress::try_leave_parked(std::uint32_t gen) {
  // SYNC: acquire, as in leave_once().
  std::uint64_t word = word_.load(std::memory_order_acquire);
  if ((word & kKicked) != 0) return false;
  if (anyone_in_line(word) && (word & kComing) == 0) return hand_on(&gen);
  park_for_ring_thread();
  full_fence();  // SYNC: a peer that does not see the state has pushed what we now see
  if (work_.pending() && !stopping_.load(std::memory_order_relaxed)) return false;
  // SYNC: what we did becomes visible to the next holder.
  return word_.compare_exchange_strong(word, asleep(word & ~kHeld, gen), std::memory_order_acq_rel,
                                       std::memory_order_relaxed);
}

// The holder serves, and sees when it leaves that we sleep. False if nobody holds the baton.
bool Progress::leave_it_to_holder(std::uint32_t gen) {
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  while ((word & kHeld) != 0) {
    // SYNC: the holder sees kUntimed in the step in which it leaves.
    if (word_.compare_exchange_weak(word, asleep(word, gen), std::memory_order_acq_rel,
                                    std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

}  // namespace manta::rpc
