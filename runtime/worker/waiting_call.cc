#include "waiting_call.h"

#include "../calls/needs.h"
#include "task_frame.h"
#include "thread_sleep.h"
#include "thread_stacks.h"

namespace manta::detail {
namespace {

// Whose call the calling thread, which is no executor's, belongs to. In a driver it belongs to none, unless a call of a
// local session has started it.
Executor* executor_beside(const WaitingThreads& threads) {
  Executor* const running = Executor::of_process();
  if (!threads.local()) return running;
  if (new_threads_have_signal_stacks()) return Executor::that_started_this_thread();
  // Nobody has said so: one that was started since the running call began is taken for its own.
  const bool belongs = running != nullptr && this_thread_started_since(running->turn().began());
  return belongs ? running : nullptr;
}

}  // namespace

// An executor of a local session lives until nobody waits beside it, so there the thread is counted before it looks for
// one.
WaitingCall::WaitingCall(WaitingThreads& threads)
    : threads_(threads), executor_(Executor::of_this_thread()), own_thread_(executor_ != nullptr) {
  if (own_thread_) return;
  if (threads.local()) beside_.emplace(threads);
  executor_ = executor_beside(threads);
  if (executor_ == nullptr) beside_.reset();
}

void WaitingCall::begin_to_wait() {
  if (!own_thread_ && !beside_) beside_.emplace(threads_);
}

std::string name_of_waiter(const WaitingThreads& threads) {
  if (const TaskFrame* const here = TaskFrame::current()) return name_in_waits(here->name);
  if (Executor::of_this_thread() != nullptr) return "a result";  // its call has ended
  const std::string running = threads.local() ? "" : name_of_running();
  return running.empty() ? "a thread" : running;
}

void LentCpu::lend() {
  if (!call_.any() || waits_) return;
  call_.begin_to_wait();
  waits_.emplace(call_.executor().turn(), call_.own_thread());
}

}  // namespace manta::detail
