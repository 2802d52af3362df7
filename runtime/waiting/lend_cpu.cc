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
  ~WaitsBeside() { count(-1); }
  WaitsBeside(const WaitsBeside&) = delete;

 private:
  void count(int change) {
    const TablesLock lock(process_.tables());
    process_.count_waiter_beside(change);
  }

  Process& process_;
};

// Whose call the calling thread runs, or belongs to. In a driver a thread belongs to none, unless a call of a local
// session has started it.
Executor* executor_that_waits(const Process& process) {
  if (Executor* const here = Executor::of_this_thread()) return here;
  Executor* const running = Executor::of_process();
  if (!process.attachment().local) return running;
  if (new_threads_have_signal_stacks()) return Executor::that_started_this_thread();
  // Nobody has said so: one that was started since the running call began is taken for its own.
  const bool belongs = running != nullptr && this_thread_started_since(running->turn().began());
  return belongs ? running : nullptr;
}

}  // namespace

bool wait_lending_cpu(Process& process, rpc::Progress::Waiter& waiter, rpc::Deadline deadline,
                      const std::function<bool()>& before_lending,
                      const std::function<void()>& meanwhile) {
  auto& progress = process.progress();
  Executor* const executor = executor_that_waits(process);
  if (executor == nullptr) return progress.wait(waiter, deadline);
  std::optional<WaitsBeside> beside;
  if (Executor::of_this_thread() == nullptr) beside.emplace(process);
  const auto soon = std::chrono::steady_clock::now() + kShortWait;
  if (progress.wait(waiter, deadline && *deadline < soon ? deadline : rpc::Deadline(soon))) {
    return true;
  }
  if (deadline && *deadline <= soon) {
    lend_cpu_to_what_is_asked_for(process, waiter);
    return waiter.satisfied();
  }
  if (before_lending && before_lending()) return true;
  const Turn::Waits waits(executor->turn(), Executor::of_this_thread() != nullptr);
  if (!meanwhile || executor->is_local()) return progress.wait(waiter, deadline);
  for (auto step = kToldAfter;; step = std::min(2 * step, kLongestStep)) {
    const auto until = std::chrono::steady_clock::now() + step;
    const bool last = deadline && *deadline <= until;
    if (progress.wait(waiter, last ? deadline : rpc::Deadline(until))) return true;
    if (last) return false;
    meanwhile();
  }
}

void lend_cpu_to_what_is_asked_for(Process& process, rpc::Progress::Waiter& waiter) {
  Executor* const executor = executor_that_waits(process);
  if (executor == nullptr || !executor->turn().runs() || !executor->turn().asks_for_long()) return;
  std::optional<WaitsBeside> beside;
  if (Executor::of_this_thread() == nullptr) beside.emplace(process);
  const Turn::Waits waits(executor->turn(), !beside);
  process.progress().wait(waiter, std::chrono::steady_clock::now() + kMoment);
}

}  // namespace manta::detail
