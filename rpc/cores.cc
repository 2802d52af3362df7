// Who uses a core; then when to spin; then the cores that there are, and what a wake-up costs, which the node measures.
// SYNC: none in this file but where it says so: these counts only lead to a decision to spin or not.
#include "cores.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <sched.h>
#include <thread>

#include "../base/cgroups.h"
#include "../base/start_affinity.h"

namespace manta::rpc {
namespace {

thread_local bool this_thread_counted = false;

// What spinning has brought this thread lately. A spin that ended in vain, or that lost its core to another program
// (then its looks are far apart), makes the next ones park at once, more of them each time. One that paid off makes
// it fewer.
struct SpinHistory {
  std::chrono::steady_clock::time_point last_look;
  std::uint32_t penalty = 0;
  std::uint32_t to_skip = 0;
  bool failed = false;

  void fail(std::uint32_t least) {
    failed = true;
    penalty = std::clamp(2 * penalty + 1, least, kMaxPenalty);
    to_skip = penalty;
  }
  bool skip() {
    if (to_skip == 0) {
      if (!failed) penalty /= 2;
      failed = false;
      return false;
    }
    --to_skip;
    return true;
  }

  static constexpr std::uint32_t kMaxPenalty = 31;
};
thread_local SpinHistory spin_history;

constexpr std::uint32_t kPenaltyOfPreemption = 15;
constexpr auto kPreempted = std::chrono::microseconds(400);  // between two looks

}  // namespace

void Cores::enter() {
  this_thread_counted = true;
  own_.fetch_add(1, std::memory_order_relaxed);
  session_.active.fetch_add(1, std::memory_order_relaxed);
}

void Cores::leave() {
  this_thread_counted = false;
  session_.active.fetch_sub(1, std::memory_order_relaxed);
  own_.fetch_sub(1, std::memory_order_relaxed);
}

bool Cores::counted() { return this_thread_counted; }

void Cores::forget(CoresPage& session, std::atomic<std::int32_t>& dead) {
  session.active.fetch_sub(dead.exchange(0, std::memory_order_relaxed), std::memory_order_relaxed);
}

// With a single core a spin is a yield each time. Else it looks at the clock, at what spinning brought lately, and at
// whether a core is left over.
bool Spin::check() {
  const auto now = std::chrono::steady_clock::now();
  if (cores_.single()) {
    if (looks_ == 1) until_ = now + cores_.spin_time();
    if (now >= until_ || (deadline_ && now >= *deadline_)) return false;
    sched_yield();
    return true;
  }
  SpinHistory& history = spin_history;
  if (looks_ == 1) {
    if (history.skip()) return false;
    until_ = now + cores_.spin_time();
  } else if (now - history.last_look > kPreempted) {
    history.fail(kPenaltyOfPreemption);
    return false;
  }
  history.last_look = now;
  if (deadline_ && now >= *deadline_) return false;
  if (now >= until_) {
    history.fail(1);
    return false;
  }
  return cores_.may_spin();
}

std::uint32_t usable_cores(const std::filesystem::path& root) {
  int cores = base::start_affinity().cores();
  if (cores == 0) cores = static_cast<int>(std::thread::hardware_concurrency());
  const double quota = std::ceil(base::cpu_limit(root).value_or(cores));
  return static_cast<std::uint32_t>(
      std::clamp(quota, 1.0, std::max(1.0, static_cast<double>(cores))));
}

std::chrono::nanoseconds measure_wake_cost() {
  using Clock = std::chrono::steady_clock;
  constexpr std::uint32_t kRounds = 15;
  // Odd numbers are the echo's. SYNC: each hands the turn to the other.
  std::atomic<std::uint32_t> turn{0};
  const auto pass = [&turn](std::uint32_t next) {
    turn.store(next, std::memory_order_release);
    futex_wake(&turn);
  };
  const auto await = [&turn](std::uint32_t wanted) {
    for (std::uint32_t now; (now = turn.load(std::memory_order_acquire)) != wanted;) {
      futex_wait(turn, now);
    }
  };
  std::thread echo([&] {
    for (std::uint32_t i = 0; i < kRounds; ++i) {
      await(2 * i + 1);
      pass(2 * i + 2);
    }
  });
  std::array<Clock::duration, kRounds> round_trips;
  for (std::uint32_t i = 0; i < kRounds; ++i) {
    const auto begin = Clock::now();
    pass(2 * i + 1);
    await(2 * i + 2);
    round_trips[i] = Clock::now() - begin;
  }
  echo.join();
  // The upper quartile, because in some rounds both threads may have been on one core, which is fast.
  auto* const quartile = round_trips.begin() + kRounds * 3 / 4;
  std::nth_element(round_trips.begin(), quartile, round_trips.end());
  return std::clamp(*quartile / 2, Clock::duration(std::chrono::microseconds(5)),
                    Clock::duration(std::chrono::microseconds(200)));
}

}  // namespace manta::rpc
