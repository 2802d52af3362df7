// Progress: the line of waiters that do not have the baton. A waiter gets in line in progress.cc
// (take_or_get_in_line), in one step with finding the baton held, and sleeps here until it is taken out.
#include "progress.h"

namespace manta::rpc {

// Gives kNone if we left the line by ourselves, because we are satisfied or too late; else why we were taken out.
Progress::Waiter::Signal Progress::sleep_in_line(Waiter& waiter, Deadline deadline) {
  full_fence_after_rmw();  // SYNC: we are in line before we look at satisfied(); see wake_satisfied()
  for (;;) {
    // SYNC: what was done before the signal becomes visible to us.
    const auto signal = Waiter::Signal{waiter.signal_.load(std::memory_order_acquire)};
    if (signal != Waiter::Signal::kNone) return signal;
    const bool late = deadline && std::chrono::steady_clock::now() >= *deadline;
    if (late || waiter.satisfied()) {
      if (get_out_of_line(waiter)) return Waiter::Signal::kNone;
      continue;
    }
    cores_.leave();
    futex_wait(waiter.signal_, 0, deadline);
    cores_.enter();
  }
}

// False if somebody has taken us out already, and has signalled.
bool Progress::get_out_of_line(Waiter& waiter) {
  const std::lock_guard lock(line_mutex_);
  if (waiter.signal_.load(std::memory_order_relaxed) != 0) return false;  // SYNC: under the lock
  remove(waiter);
  word_.fetch_sub(kListed, std::memory_order_acq_rel);
  return true;
}

// After a poll that completed something: whoever is satisfied now need not wait for the baton.
void Progress::wake_satisfied() {
  full_fence();  // SYNC: it was completed before we look who is in line; see sleep_in_line()
  if (!anyone_in_line(word_.load(std::memory_order_relaxed))) return;
  const std::lock_guard lock(line_mutex_);
  for (Waiter* waiter = line_first_; waiter != nullptr;) {
    Waiter* const next = waiter->next_;
    if (waiter->satisfied()) {
      remove(*waiter);
      word_.fetch_sub(kListed, std::memory_order_acq_rel);
      signal(*waiter, Waiter::Signal::kCheck);
    }
    waiter = next;
  }
}

void Progress::wake_all() {
  // SYNC: the change happened before this: whoever parks later sees it, and whoever has parked wakes.
  page_.bell.user_gen.fetch_add(1, std::memory_order_seq_cst);
  futex_wake(&page_.bell.user_gen, kEverybody);
  const std::lock_guard lock(line_mutex_);
  while (line_first_ != nullptr) {
    Waiter& waiter = *line_first_;
    remove(waiter);
    word_.fetch_sub(kListed, std::memory_order_acq_rel);
    signal(waiter, Waiter::Signal::kCheck);
  }
}

// Gives up the baton and sends the first in line to take it, in one step with finding that nobody has
// kicked. Anyone may be faster; the waiter then gets in line again. Until it has come, whoever leaves
// need not send another. False: we still have the baton.
bool Progress::hand_on(const std::uint32_t* ring_thread_sleeps) {
  const std::lock_guard lock(line_mutex_);
  if (line_first_ == nullptr) return false;
  // SYNC: none: the exchange below decides.
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  std::uint64_t next = 0;
  do {
    if ((word & kKicked) != 0) return false;
    next = ((word & ~kHeld) - kListed) | kComing;
    if (ring_thread_sleeps != nullptr) next = asleep(next, *ring_thread_sleeps);
    // SYNC: what we did becomes visible to the next holder.
  } while (!word_.compare_exchange_weak(word, next, std::memory_order_acq_rel,
                                        std::memory_order_relaxed));
  Waiter& waiter = *line_first_;
  remove(waiter);
  signal(waiter, Waiter::Signal::kTakeBaton);
  return true;
}

// SYNC: none for its signal: the lock of the line is held, and nobody signals a waiter that is not in line.
void Progress::append(Waiter& waiter) {
  waiter.signal_.store(0, std::memory_order_relaxed);
  waiter.next_ = nullptr;
  waiter.previous_ = line_last_;
  (line_last_ != nullptr ? line_last_->next_ : line_first_) = &waiter;
  line_last_ = &waiter;
}

void Progress::remove(Waiter& waiter) {
  (waiter.previous_ != nullptr ? waiter.previous_->next_ : line_first_) = waiter.next_;
  (waiter.next_ != nullptr ? waiter.next_->previous_ : line_last_) = waiter.previous_;
}

void Progress::signal(Waiter& waiter, Waiter::Signal signal) {
  const auto* const word = &waiter.signal_;
  // SYNC: what made us signal becomes visible to the waiter. From here on it may be gone; its address is enough.
  waiter.signal_.store(static_cast<std::uint32_t>(signal), std::memory_order_release);
  futex_wake(word);
}

}  // namespace manta::rpc
