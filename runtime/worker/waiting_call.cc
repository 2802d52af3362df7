#include "waiting_call.h"

#include "../process/process.h"
#include "thread_sleep.h"
#include "thread_stacks.h"

namespace manta::detail {
namespace {

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

}  // namespace

WaitingCall::Beside::~Beside() {
  count(-1);
  if (process_.over()) process_.progress().wake_all();  // the session waits for us
}

void WaitingCall::Beside::count(int change) {
  const TablesLock lock(process_.tables());
  process_.count_waiter_beside(change);
}

// An executor of a local session lives until nobody waits beside it, so there the thread is counted before it looks for
// one.
WaitingCall::WaitingCall(Process& process)
    : process_(process), executor_(Executor::of_this_thread()), own_thread_(executor_ != nullptr) {
  if (own_thread_) return;
  if (process.attachment().local) beside_.emplace(process);
  executor_ = executor_beside(process);
  if (executor_ == nullptr) beside_.reset();
}

void WaitingCall::begin_to_wait() {
  if (!own_thread_ && !beside_) beside_.emplace(process_);
}

LentCpu::LentCpu(Process& process) : call_(process) {
  if (!call_.any()) return;
  call_.begin_to_wait();
  waits_.emplace(call_.executor().turn(), call_.own_thread());
}

}  // namespace manta::detail
