// The baton, in the order of a wait: getting it, serving with it, giving it up. Giving it up is the delicate part: the
// last look at what has arrived and the release of the baton must be one step. The line of waiters is in
// progress_line.cc, the ring thread in progress_ring_thread.cc.
#include "progress.h"

namespace manta::rpc {
namespace {

constexpr int kRoundsBeforeHelp = 8;           // polls for others before a leaver calls for help
constexpr std::uint32_t kLeavesPerBurst = 32;  // after so many the ring thread is asked to tick

bool parked(BellState state) { return state >= BellState::kRingParked; }

}  // namespace

// SYNC: none for the count: no thread of this process waits by it yet.
Progress::Progress(ProcessPage& page, Cores& cores, Work& work)
    : page_(page),
      cores_(cores),
      work_(work),
      word_(asleep(0, page.bell.ring_gen.load(std::memory_order_relaxed))) {
  set_state(BellState::kRingParked);
}

Progress::~Progress() { stop(); }

// A thread that was sent from the line to take the baton takes it even if it is satisfied: others rely on its coming.
bool Progress::wait(Waiter& waiter, Deadline deadline) {
  if (waiter.satisfied()) return true;
  const ActiveThread active(cores_);
  // We left the line in order to take the baton, and must try to even if we are satisfied.
  bool coming = false;
  for (;;) {
    if (!coming) {
      if (take_while_spinning(waiter, deadline)) return serve(waiter, deadline);
      if (waiter.satisfied()) return true;
    }
    if (take_or_get_in_line(waiter, coming) == Turn::kTaken) return serve(waiter, deadline);
    const Waiter::Signal signal = sleep_in_line(waiter, deadline);
    coming = signal == Waiter::Signal::kTakeBaton;
    if (coming) continue;
    if (waiter.satisfied()) return true;
    if (signal == Waiter::Signal::kNone) return false;  // the deadline is over
  }
}

// Either it takes the free baton, or it marks the held one, so that the holder polls once more.
void Progress::kick() {
  // SYNC: none: the exchange below decides.
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  // SYNC: acquires what the last holder did; or releases our push to the holder, which looks whether somebody has
  // kicked in one step with giving the baton up (leave_once), and after kUserParked, before it sleeps (park_serving).
  while (!word_.compare_exchange_weak(word, (word & kHeld) != 0 ? word | kKicked : word | kHeld,
                                      std::memory_order_acq_rel, std::memory_order_relaxed)) {
  }
  if ((word & kHeld) != 0) {
    ring(page_.bell);  // as a peer would, because the holder may be asleep
    return;
  }
  user_thread_has_it();
  work_.poll();
  wake_satisfied();
  leave();
}

// SYNC: none: a wrong flag costs a system call or is set right in park_for_ring_thread(); see ring_call().
void Progress::set_busy(bool busy) {
  busy_.store(busy, std::memory_order_relaxed);
  // In a burst the state is kWatched, nobody rings, and the shared flag need not change.
  const bool matters =
      !busy || page_.bell.state.load(std::memory_order_relaxed) == BellState::kRingParked;
  const std::uint32_t flag = busy ? 1 : 0;
  if (matters && page_.busy.load(std::memory_order_relaxed) != flag) {
    page_.busy.store(flag, std::memory_order_relaxed);
  }
}

// --- Getting the baton --------------------------------------------------------------------------

bool Progress::try_take() {
  // SYNC: none: the exchange below decides.
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  while ((word & kHeld) == 0) {
    // SYNC: what the last holder did becomes visible to us.
    if (word_.compare_exchange_weak(word, word | kHeld, std::memory_order_acquire,
                                    std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

bool Progress::take_while_spinning(const Waiter& waiter, Deadline deadline) {
  Spin spin(cores_, deadline);
  do {
    if (try_take()) return true;
  } while (!waiter.satisfied() && spin.again());
  return false;
}

// One step: either the baton is free and ours, or its holder finds us in line when it leaves.
Progress::Turn Progress::take_or_get_in_line(Waiter& waiter, bool coming) {
  const std::lock_guard lock(line_mutex_);
  // SYNC: none: the exchange below decides.
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  std::uint64_t next = 0;
  do {
    next = (word & kHeld) == 0 ? word | kHeld : word + kListed;
    if (coming) next &= ~kComing;
    // SYNC: as in try_take(); or we are in line before we look at satisfied() again (wake_satisfied).
  } while (!word_.compare_exchange_weak(word, next, std::memory_order_acq_rel,
                                        std::memory_order_relaxed));
  if ((word & kHeld) == 0) return Turn::kTaken;
  append(waiter);
  return Turn::kInLine;
}

// --- With the baton -----------------------------------------------------------------------------

// Spins while that pays, then parks until a peer rings.
bool Progress::serve(Waiter& waiter, Deadline deadline) {
  user_thread_has_it();
  bool satisfied = false;
  for (;;) {
    Spin spin(cores_, deadline);
    do {
      if (poll_once()) spin.restart();
      satisfied = waiter.satisfied();
    } while (!satisfied && spin.again());
    if (satisfied || (deadline && std::chrono::steady_clock::now() >= *deadline)) break;
    park_serving(waiter, deadline);
  }
  leave();
  return satisfied;
}

void Progress::user_thread_has_it() {
  // SYNC: none: the ring thread only asks whether the number has changed since its last tick.
  activity_.store(activity_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  // Peers need not ring now. But kWatched tells them that too, and it is better not to write a line that peers read.
  if (parked(page_.bell.state.load(std::memory_order_relaxed))) set_state(BellState::kAwake);
}

bool Progress::poll_once() {
  bool completed = false;
  if (kicked()) {
    // SYNC: what the kicker pushed becomes visible to us.
    word_.fetch_and(~kKicked, std::memory_order_acq_rel);
    completed = true;  // perhaps by the kicker
  }
  completed |= work_.poll();
  if (completed) wake_satisfied();
  return completed;
}

// SYNC: none for this look: a later kick stops the step in which the baton is given up.
bool Progress::kicked() const { return (word_.load(std::memory_order_relaxed) & kKicked) != 0; }

bool Progress::poll_if_kicked() {
  if (!kicked()) return false;
  poll_once();
  return true;
}

// Sleeps with the baton: peers find kUserParked and ring.
void Progress::park_serving(const Waiter& waiter, Deadline deadline) {
  // SYNC: the count is taken before we look at anything, so that a later bell or wake_all() ends the sleep.
  const std::uint32_t gen = page_.bell.user_gen.load(std::memory_order_acquire);
  set_state(BellState::kUserParked);
  full_fence();  // SYNC: a peer or kicker that does not see the state has pushed or kicked, which we now see
  if (!kicked() && !work_.pending() && !waiter.satisfied()) {
    cores_.leave();
    futex_wait(page_.bell.user_gen, gen, deadline);
    cores_.enter();
  }
  set_state(BellState::kAwake);
}

void Progress::set_state(BellState state) {
  // SYNC: none by itself: a full fence follows where peers must see it before we look at the rings.
  page_.bell.state.store(state, std::memory_order_relaxed);
}

// --- Giving it up -------------------------------------------------------------------------------

// Tries until nothing is left to serve. After a few rounds, in which peers pushed again each time, the ring thread is
// called, so that this thread gets back to its own work.
void Progress::leave() {
  for (int round = 0; !leave_once(round >= kRoundsBeforeHelp); ++round) {
  }
}

// False: we have the baton, still or again, and must try once more.
bool Progress::leave_once(bool call_ring_thread) {
  if (poll_if_kicked() && !call_ring_thread) return false;
  // SYNC: acquire: whoever is in line or has kicked did so before this.
  std::uint64_t word = word_.load(std::memory_order_acquire);
  if ((word & kKicked) != 0) return false;
  if (anyone_in_line(word) && (word & kComing) == 0) return hand_on();
  // Then somebody will serve soon, whatever the state is.
  const bool coming = (word & kComing) != 0;
  const bool watched = !coming && ring_thread_will_look(word, call_ring_thread);
  if (watched && page_.bell.state.load(std::memory_order_relaxed) != BellState::kWatched) {
    set_state(BellState::kWatched);
  }
  if (!coming && !watched) park_for_ring_thread();
  const std::uint64_t next = word & ~(watched ? kHeld | kUntimed : kHeld);
  // SYNC: what we did, and the state, become visible to the next holder.
  if (!word_.compare_exchange_strong(word, next, std::memory_order_acq_rel,
                                     std::memory_order_relaxed)) {
    if (!coming && !watched) set_state(BellState::kAwake);
    return false;
  }
  if (coming || watched || call_ring_thread) return true;
  full_fence_after_rmw();  // SYNC: a peer that does not see kRingParked has pushed what we now see
  const bool rung = page_.bell.state.load(std::memory_order_relaxed) == BellState::kAwake;
  if (!rung && !work_.pending()) return true;
  // Something came in between; or a peer rang the ring thread, which found the baton held, so that now
  // nobody would ring any more. If somebody else has the baton, it is that thread's business.
  if (!try_take()) return true;
  set_state(BellState::kAwake);
  poll_once();
  return false;
}

// Whether the ring thread will look at the rings, now or at its next tick, if nobody else does.
bool Progress::ring_thread_will_look(std::uint64_t word, bool call_ring_thread) {
  if ((word & kUntimed) == 0) return true;
  if (!started_.load(std::memory_order_relaxed)) return false;  // SYNC: none, see start()
  if (call_ring_thread || ++cold_leaves_ >= kLeavesPerBurst) wake_ring_thread();
  // If the count is another one than that with which it fell asleep, it was rung, and will wake. If it has woken and
  // falls asleep again before we leave, `word` is no longer true, and we do not leave.
  // SYNC: acquire: with the release of whoever rang.
  const bool rung = page_.bell.ring_gen.load(std::memory_order_acquire) != word >> 32;
  if (rung) cold_leaves_ = 0;
  return rung;
}

// SYNC: none here: the caller makes a full fence before it looks at the rings again.
void Progress::park_for_ring_thread() {
  if (busy_.load(std::memory_order_relaxed)) page_.busy.store(1, std::memory_order_relaxed);
  set_state(BellState::kRingParked);
}

void Progress::wake_ring_thread() {
  // SYNC: release: what made us wake it becomes visible to it.
  page_.bell.ring_gen.fetch_add(1, std::memory_order_release);
  futex_wake(&page_.bell.ring_gen);
}

}  // namespace manta::rpc
