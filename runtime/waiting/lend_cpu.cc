#include "lend_cpu.h"

#include <algorithm>
#include <chrono>

#include "../process/process.h"
#include "../worker/executor.h"
#include "../worker/thread_stacks.h"
#include "thread_sleep.h"

namespace manta::detail {
namespace {

constexpr auto kShortWait = std::chrono::microseconds(200);
constexpr auto kMoment = std::chrono::milliseconds(1);
// A long wait is made of steps, each twice as long as the one before, up to this.
constexpr std::chrono::milliseconds kLongestStep(1000);

// Counts a thread that waits and is not the executor's: what the executor completes in place must wake it.
class WaitsBeside {
 public:
  explicit WaitsBeside(Process& process) : process_(process) { count(1); }
  ~WaitsBeside() {
    count(-1);
    if (process_.over()) process_.progress().wake_all();  // the session waits for us
  }
  WaitsBeside(const WaitsBeside&) = delete;

 private:
  void count(int change) {
    const TablesLock lock(process_.tables());
    process_.count_waiter_beside(change);
  }

  Process& process_;
};

// Whose call the calling thread, which is no executor's, belongs to. In a driver it belongs to none, unless a call of a
// local session has started it.
Executor* executor_beside(const Process& process) {
  Executor* const running = Executor::of_process();
  if (!process.attachment().local) return running;
  if (new_threads_have_signal_stacks()) return Executor::that_started_this_thread();
  // Nobody has said so: one that was started since the running call began is taken for its own.
  const bool belongs = running != nullptr && this_thread_started_since(running->turn().began());
  return belongs ? running : nullptr;
}

// The call that the calling thread runs, or belongs to. An executor of a local session lives until nobody waits beside
// it, so there the thread is counted before it looks for one.
class WaitingCall {
 public:
  explicit WaitingCall(Process& process)
      : process_(process),
        executor_(Executor::of_this_thread()),
        own_thread_(executor_ != nullptr) {
    if (own_thread_) return;
    if (process.attachment().local) beside_.emplace(process);
    executor_ = executor_beside(process);
    if (executor_ == nullptr) beside_.reset();
  }
  bool any() const { return executor_ != nullptr; }
  bool own_thread() const { return own_thread_; }
  Executor& executor() const { return *executor_; }
  void begin_to_wait() {
    if (!own_thread_ && !beside_) beside_.emplace(process_);
  }

 private:
  Process& process_;
  std::optional<WaitsBeside> beside_;
  Executor* executor_;
  const bool own_thread_;
};

void lend_cpu_if_asked_for_long(Process& process, WaitingCall& call,
                                rpc::Progress::Waiter& waiter) {
  if (!call.any()) return;
  Turn& turn = call.executor().turn();
  if (!turn.runs()) return;
  const Turn::Asks asks = turn.asks();
  if (asks == Turn::Asks::kNow) return;
  call.begin_to_wait();
  Turn::Waits waits(turn, call.own_thread());
  const bool in_time = process.progress().wait(waiter, std::chrono::steady_clock::now() + kMoment);
  if (!in_time && !call.executor().is_local()) waits.in_vain(asks == Turn::Asks::kPolls);
}

}  // namespace

bool wait_lending_cpu(Process& process, rpc::Progress::Waiter& waiter, rpc::Deadline deadline,
                      const std::function<bool()>& before_lending,
                      const std::function<void()>& meanwhile) {
  auto& progress = process.progress();
  WaitingCall call(process);
  if (!call.any()) return progress.wait(waiter, deadline);
  call.begin_to_wait();
  const auto soon = std::chrono::steady_clock::now() + kShortWait;
  if (progress.wait(waiter, deadline && *deadline < soon ? deadline : rpc::Deadline(soon))) {
    return true;
  }
  if (deadline && *deadline <= soon) {
    lend_cpu_if_asked_for_long(process, call, waiter);
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

void lend_cpu_to_what_is_asked_for(Process& process, rpc::Progress::Waiter& waiter) {
  WaitingCall call(process);
  lend_cpu_if_asked_for_long(process, call, waiter);
}

}  // namespace manta::detail
