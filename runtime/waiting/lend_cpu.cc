#include "lend_cpu.h"

#include <algorithm>
#include <chrono>

#include "../worker/waiting_call.h"

namespace manta::detail {
namespace {

constexpr auto kShortWait = std::chrono::microseconds(200);
constexpr auto kMoment = std::chrono::milliseconds(1);
// A long wait is made of steps, each twice as long as the one before, up to this.
constexpr std::chrono::milliseconds kLongestStep(1000);

void lend_cpu_if_asked_for_long(WaitingThreads& threads, WaitingCall& call,
                                rpc::Progress::Waiter& waiter) {
  if (!call.any()) return;
  Turn& turn = call.executor().turn();
  if (!turn.runs()) return;
  const Turn::Asks asks = turn.asks();
  if (asks == Turn::Asks::kNow) return;
  call.begin_to_wait();
  Turn::Waits waits(turn, call.own_thread());
  const bool in_time = threads.progress().wait(waiter, std::chrono::steady_clock::now() + kMoment);
  if (!in_time && !call.executor().is_local()) waits.in_vain(asks == Turn::Asks::kPolls);
}

}  // namespace

bool wait_lending_cpu(WaitingThreads& threads, rpc::Progress::Waiter& waiter,
                      rpc::Deadline deadline, const std::function<bool()>& before_lending,
                      const std::function<void()>& meanwhile) {
  auto& progress = threads.progress();
  WaitingCall call(threads);
  if (!call.any()) return progress.wait(waiter, deadline);
  call.begin_to_wait();
  const auto soon = std::chrono::steady_clock::now() + kShortWait;
  if (progress.wait(waiter, deadline && *deadline < soon ? deadline : rpc::Deadline(soon))) {
    return true;
  }
  if (deadline && *deadline <= soon) {
    lend_cpu_if_asked_for_long(threads, call, waiter);
    return waiter.satisfied();
  }
  if (before_lending && before_lending()) return true;
  Turn::Waits waits(call.executor().turn(), call.own_thread());
  if (!meanwhile || call.executor().is_local()) return progress.wait(waiter, deadline);
  for (auto step = kToldAfter;; step = std::min(2 * step, kLongestStep)) {
    const auto until = std::chrono::steady_clock::now() + step;
    const bool last = deadline && *deadline <= until;
    if (progress.wait(waiter, last ? deadline : rpc::Deadline(until))) return true;
    if (last) {
      waits.in_vain();
      return false;
    }
    meanwhile();
  }
}

void lend_cpu_to_what_is_asked_for(WaitingThreads& threads, rpc::Progress::Waiter& waiter) {
  WaitingCall call(threads);
  lend_cpu_if_asked_for_long(threads, call, waiter);
}

}  // namespace manta::detail
