#include <algorithm>
#include <array>
#include <sched.h>
#include <thread>

#include <manta/rpc/cores.h>

namespace manta::rpc {
namespace {

thread_local bool this_thread_counted = false;

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

bool Spin::check() {
  const auto now = std::chrono::steady_clock::now();
  if (looks_ == 1) until_ = now + cores_.spin_time();
  if (now >= until_ || (deadline_ && now >= *deadline_)) return false;
  if (cores_.single()) {
    sched_yield();
    return true;
  }
  return cores_.may_spin();
}

std::uint32_t usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0)
    return std::max(1u, std::thread::hardware_concurrency());
  return static_cast<std::uint32_t>(std::max(1, CPU_COUNT(&set)));
}

std::chrono::nanoseconds measure_wake_cost() {
  using Clock = std::chrono::steady_clock;
  constexpr std::uint32_t kRounds = 15;
  std::atomic<std::uint32_t> turn{0};  // odd: the echo's
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
  // The upper quartile: both threads on one core, which is fast, is not what we ask for.
  auto* const quartile = round_trips.begin() + kRounds * 3 / 4;
  std::nth_element(round_trips.begin(), quartile, round_trips.end());
  return std::clamp(*quartile / 2, Clock::duration(std::chrono::microseconds(5)),
                    Clock::duration(std::chrono::microseconds(200)));
}

}  // namespace manta::rpc
