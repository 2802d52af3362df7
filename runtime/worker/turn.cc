#include "turn.h"

#include <ctime>
#include <utility>

#include "../launch/clock.h"

namespace manta::detail {

namespace {

constexpr std::int64_t kAskedMs = 10;
// A call that computes no longer than this between two looks at what it waits for does nothing else.
constexpr std::chrono::milliseconds kLittle(1);

// Of this thread. Others may have the CPU for long between two looks, so that the time on the clock says nothing.
std::chrono::nanoseconds cpu_time() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace

void Turn::begin() {
  // SYNC: none: only this thread changes the number; nobody waits for a call that has not begun.
  began_.store(monotonic_ms(), std::memory_order_relaxed);
  lends_at_.store(0, std::memory_order_relaxed);
  number_.store(number_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

// A thread that the call leaves behind may continue to wait; but the next call needs the CPU.
void Turn::end() {
  // SYNC: the number first, then the count; Waits() does it the other way round: it does not lend the CPU any more, or
  // that is taken back here.
  number_.store(number_.load(std::memory_order_relaxed) + 1);
  if (waiting_.load() == 0) return;
  const std::lock_guard lock(lending_);
  polls_ = false;
  if (waiting_.exchange(0) != 0) take_back();
}

Turn::Asks Turn::asks() {
  const std::int64_t now = monotonic_ms();
  // SYNC: none, of all these: of two threads that ask, one lends.
  const std::uint32_t asked = asked_.fetch_add(1, std::memory_order_relaxed) + 1;
  std::int64_t due = lends_at_.load(std::memory_order_relaxed);
  if (due != 0 && now < due) return Asks::kNow;
  if (!lends_at_.compare_exchange_strong(due, now + kAskedMs, std::memory_order_relaxed)) {
    return Asks::kNow;
  }
  asked_.store(0, std::memory_order_relaxed);
  const std::chrono::nanoseconds used = cpu_time();
  const std::chrono::nanoseconds before(
      asked_at_.exchange(used.count(), std::memory_order_relaxed));
  if (due == 0) return Asks::kNow;
  return used - before <= asked * kLittle ? Asks::kPolls : Asks::kForLong;
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

void Turn::Waits::in_vain(bool polls) {
  const std::lock_guard lock(turn_.lending_);
  const auto now = cpu_time();
  const auto by = std::this_thread::get_id();
  polls_ = polls || (turn_.in_vain_by_ == by && turn_.in_vain_in_ == number_ &&
                     now - turn_.in_vain_at_ <= kLittle);
  turn_.in_vain_by_ = by;
  turn_.in_vain_in_ = number_;
  turn_.in_vain_at_ = now;
}

// The CPU is taken back before the count says so: the end of the call waits for that, whoever does it.
Turn::Waits::~Waits() {
  if (own_thread_) turn_.own_thread_waits_.store(false);
  const std::lock_guard lock(turn_.lending_);
  const bool same_call = number_ % 2 == 1 && turn_.number_.load() == number_;
  if (!same_call || turn_.waiting_.load() == 0) return;
  const bool polled = std::exchange(turn_.polls_, polls_);
  const int remain = turn_.waiting_.load() - 1 + (polls_ ? 1 : 0) - (polled ? 1 : 0);
  if (remain == 0) turn_.take_back();
  turn_.waiting_.store(remain);
}

}  // namespace manta::detail
