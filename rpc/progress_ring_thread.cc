// Progress: the ring thread, which serves while no user thread does.
//
//                 rung, and user threads are active             a tick without activity
//   asleep untimed ----------------------------> ticking (1 ms) -----------------------> asleep
//   (kUntimed; state kRingParked if the baton is free)  (state kWatched if it is free)
//
// It goes to sleep untimed only in one step with what makes that safe: giving up the baton in state
// kRingParked with nothing pending, or seeing the baton held, by someone who then sees kUntimed.
#include <pthread.h>

#include "../base/signals_blocked.h"
#include "progress.h"

namespace manta::rpc {
namespace {

constexpr std::chrono::milliseconds kTick{1};

}  // namespace

void Progress::start() {
  const base::SignalsBlocked inherited_by_the_thread;
  started_.store(true, std::memory_order_relaxed);
  try {
    ring_thread_ = std::thread([this] { run_ring_thread(); });
  } catch (...) {  // no thread is left
    started_.store(false, std::memory_order_relaxed);
    throw;
  }
}

void Progress::stop() {
  if (!ring_thread_.joinable()) return;
  stopping_.store(true, std::memory_order_release);
  wake_ring_thread();
  ring_thread_.join();
  started_.store(false, std::memory_order_relaxed);
  word_.fetch_or(kUntimed, std::memory_order_acq_rel);  // from now on nobody ticks
}

void Progress::run_ring_thread() {
  pthread_setname_np(pthread_self(), "manta-ring");
  for (;;) {
    // SYNC: taken before we look at anything, so that a later bell ends the sleep.
    const std::uint32_t gen = page_.bell.ring_gen.load(std::memory_order_acquire);
    if (stopping_.load(std::memory_order_acquire)) return;
    const bool tick = look(gen);
    futex_wait(page_.bell.ring_gen, gen,
               tick ? Deadline(std::chrono::steady_clock::now() + kTick) : std::nullopt);
  }
}

bool Progress::look(std::uint32_t gen) {
  const std::uint32_t activity = activity_.load(std::memory_order_relaxed);
  const bool active = std::exchange(seen_activity_, activity) != activity;
  for (;;) {
    if (try_take()) {
      active ? leave_watched() : leave_parked(gen);
      return active;
    }
    if (active) {
      word_.fetch_and(~kUntimed, std::memory_order_acq_rel);
      return true;
    }
    if (leave_it_to_holder(gen)) return false;
  }
}

void Progress::leave_watched() {
  for (;;) {
    poll_once();
    poll_if_kicked();
    std::uint64_t word = word_.load(std::memory_order_acquire);
    if ((word & kKicked) != 0) continue;
    word_.fetch_and(~kUntimed, std::memory_order_acq_rel);
    if (anyone_in_line(word) && (word & kComing) == 0) {
      if (hand_on()) return;
      continue;
    }
    if (page_.bell.state.load(std::memory_order_relaxed) != BellState::kWatched) {
      set_state(BellState::kWatched);
    }
    word &= ~kUntimed;
    // SYNC: publishes what we did, and the state, to the next holder.
    if (word_.compare_exchange_strong(word, word & ~kHeld, std::memory_order_acq_rel,
                                      std::memory_order_relaxed)) {
      return;
    }
  }
}

void Progress::leave_parked(std::uint32_t gen) {
  do {
    set_state(BellState::kAwake);
    poll_once();
    poll_if_kicked();
  } while (!try_leave_parked(gen));
}

bool Progress::try_leave_parked(std::uint32_t gen) {
  std::uint64_t word = word_.load(std::memory_order_acquire);
  if ((word & kKicked) != 0) return false;
  if (anyone_in_line(word) && (word & kComing) == 0) return hand_on(&gen);
  park_for_ring_thread();
  full_fence();  // SYNC: a peer that does not see the state has pushed what we now see
  if (work_.pending() && !stopping_.load(std::memory_order_relaxed)) return false;
  // SYNC: publishes what we did to the next holder.
  return word_.compare_exchange_strong(word, asleep(word & ~kHeld, gen), std::memory_order_acq_rel,
                                       std::memory_order_relaxed);
}

// The holder serves, and when it leaves sees that we sleep. False: nobody holds the baton.
bool Progress::leave_it_to_holder(std::uint32_t gen) {
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  while ((word & kHeld) != 0) {
    if (word_.compare_exchange_weak(word, asleep(word, gen), std::memory_order_acq_rel,
                                    std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

}  // namespace manta::rpc
