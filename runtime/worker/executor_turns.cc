// Which executor a thread belongs to, and when one lets others have its CPU: the node's other workers, or in a local
// session the other threads that run calls.
#include <atomic>
#include <chrono>
#include <mutex>
#include <unistd.h>

#include "../code/names.h"
#include "../process/process.h"
#include "executor.h"
#include "local_turn.h"
#include "lost_descriptors.h"
#include "survive.h"
#include "task_frame.h"

namespace manta::detail {
namespace {

thread_local Executor* executor_here = nullptr;
thread_local Executor::Starter starter_here;
// SYNC: release when it has been made, acquire in readers: the executor. In a local session the one that has the turn.
std::atomic<Executor*> executor_of_process{nullptr};

}  // namespace

// ------------------------------------------------------------------------------------------------ threads

Executor::Executor(Process& process, const std::atomic<std::uint32_t>* held_lines, LocalTurn* turn)
    : process_(process),
      running_(process, turn_, *this),
      output_(held_lines, [this] { descriptors_are_lost(last_call()); }),
      in_place_(process, turn_, output_),
      thread_(::gettid()),
      local_turn_(turn),
      turn_([this] { lend(); }, [this] { take_back(); }) {
  executor_here = this;
}

Executor::Executor(Process& process)
    : Executor(process, &process.control().process(process.slot()).held_lines, nullptr) {
  executor_of_process.store(this, std::memory_order_release);
  process.caller().set_callee(this);
}

// An actor whose session ends, or that has crashed, is not destroyed.
Executor::~Executor() {
  if (executor_here == this) executor_here = nullptr;
  if (instance_.object != nullptr) keep_for_ever(instance_.object);
}

std::string Executor::last_call() const {
  return is_actor_ ? "actor " + actor_type_ : display_name(running_.frame(), running_.name());
}

Executor* Executor::of_this_thread() { return executor_here; }
Executor* Executor::of_process() { return executor_of_process.load(std::memory_order_acquire); }

Executor::Starter Executor::starter_of_this_thread() {
  if (executor_here == nullptr || !executor_here->is_local()) return starter_here;
  return {executor_here, executor_here->process_.number()};
}

void Executor::set_starter_of_this_thread(const Starter& starter) { starter_here = starter; }

Executor* Executor::that_started_this_thread() {
  return starter_here.session == OpenSession::current_number() ? starter_here.executor : nullptr;
}

// ------------------------------------------------------------------------------------------------ turns

void Executor::run_locally(const base::Ref<Call>& call) {
  begin();
  in_place_.run(call);
  end();
}

void Executor::begin() {
  if (is_local()) take_turn();
  turn_.begin();
}

void Executor::end() {
  turn_.end();
  if (is_local()) leave_turn();
}

void Executor::give_up() {
  if (turn_.runs()) end();  // else it had none, as between two calls
  TaskFrame::forget_calls_of_this_thread();
}

void Executor::take_turn() {
  local_turn_->enter();
  executor_of_process.store(this, std::memory_order_release);
}

void Executor::leave_turn() {
  executor_of_process.store(nullptr, std::memory_order_release);
  local_turn_->leave();
}

// Of the one executor of a worker.
void Executor::set_busy(bool busy) {
  if (!is_local()) process_.progress().set_busy(busy);
}

// The CPU goes to others, and so do the tasks that have not begun.
void Executor::lend() {
  if (is_local()) {
    local_turn_->prepare_to_wait();
    return leave_turn();
  }
  process_.node().send(WorkerBlocked{});
  if (!is_actor_) set_busy(false);
  std::vector<std::shared_ptr<Lane>> lanes;
  {
    const std::lock_guard lock(lanes_mutex_);
    lanes = lanes_;
  }
  for (const auto& lane : lanes) {
    if (lane->kind == LaneKind::kTask) give_back(*lane);
  }
}

void Executor::take_back() {
  if (is_local()) return take_turn();
  process_.node().send(WorkerUnblocked{});
  set_busy(true);
}

// As long as a wait is short the CPU is not lent: that costs the node two messages. A thread of the call may have lent
// the turn already.
void Executor::wait_until_taken(rpc::Progress::Waiter& room) {
  constexpr auto kShortWait = std::chrono::microseconds(200);
  auto& progress = process_.progress();
  const auto soon = std::chrono::steady_clock::now() + kShortWait;
  if (!room.satisfied() && (is_local() || !progress.wait(room, soon))) {
    const Turn::Waits waits(turn_, true);
    progress.wait(room);
  }
  if (is_local() && local_turn_->is_wanted()) const Turn::Waits others_run(turn_, true);
}

}  // namespace manta::detail
