#include "turn.h"

#include "../launch/clock.h"

namespace manta::detail {

constexpr std::int64_t kAskedMs = 10;

void Turn::begin() {
  // SYNC: none: only this thread changes the number; nobody waits for a call that has not begun.
  began_.store(monotonic_ms(), std::memory_order_relaxed);
  lends_at_.store(0, std::memory_order_relaxed);
  number_.store(number_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

// A thread that the call leaves behind may continue to wait; but the next call needs the CPU.
void Turn::end() {
  // SYNC: the number first, then the count; Waits() does it the other way round, so that either it does not lend the CPU,
  // or it is taken back here.
  number_.store(number_.load(std::memory_order_relaxed) + 1);
  if (waiting_.load() == 0) return;
  const std::lock_guard lock(lending_);
  if (waiting_.exchange(0) != 0) take_back();
}

bool Turn::asks_for_long() {
  const std::int64_t now = monotonic_ms();
  // SYNC: none: of two threads that ask, one lends.
  std::int64_t due = lends_at_.load(std::memory_order_relaxed);
  if (due != 0 && now < due) return false;
  return lends_at_.compare_exchange_strong(due, now + kAskedMs, std::memory_order_relaxed) &&
         due != 0;
}

void Turn::lend() {
  lent_.store(true);
  lend_();
}

void Turn::take_back() {
  lent_.store(false);
  take_back_();
}

Turn::Waits::Waits(Turn& turn, bool own_thread) : turn_(turn), own_thread_(own_thread) {
  if (own_thread_) turn_.own_thread_waits_.store(true);
  const std::lock_guard lock(turn_.lending_);
  number_ = turn_.number_.load();
  if (number_ % 2 == 0) return;  // no call runs, so that there is no CPU to lend
  if (turn_.waiting_.fetch_add(1) != 0) return;
  // SYNC: the count first, then the number: see end().
  if (turn_.number_.load() == number_) {
    turn_.lend();
  } else {
    turn_.waiting_.store(0);
  }
}

// The CPU is taken back before the count says so: the end of the call waits for that, whoever does it.
Turn::Waits::~Waits() {
  if (own_thread_) turn_.own_thread_waits_.store(false);
  const std::lock_guard lock(turn_.lending_);
  const bool same_call = number_ % 2 == 1 && turn_.number_.load() == number_;
  if (!same_call || turn_.waiting_.load() == 0) return;
  if (turn_.waiting_.load() == 1) turn_.take_back();
  turn_.waiting_.fetch_sub(1);
}

}  // namespace manta::detail
