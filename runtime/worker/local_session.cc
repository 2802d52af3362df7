// Tasks first: runners, threads that take calls one by one, and what a crash of one leaves; then actors, each with a
// thread of its own; at the end what of the callee's side a local session is.
#include "local_session.h"

#include <algorithm>
#include <future>
#include <pthread.h>
#include <unistd.h>

#include "../process/process.h"
#include "task_frame.h"
#include "thread_stacks.h"

namespace manta::detail {

// A runner waits for tasks.
class LocalSession::Idle final : public rpc::Progress::Waiter {
 public:
  explicit Idle(LocalSession& session) : session_(session) { session_.idle_runners_.fetch_add(1); }
  ~Idle() { session_.idle_runners_.fetch_sub(1); }
  bool satisfied() const override { return session_.over_.load() || session_.tasks_wait_.load(); }

 private:
  LocalSession& session_;
};

// A thread that a call has left behind waits beside its executor. The session is closed, so it will not for long.
class LocalSession::NobodyBeside final : public rpc::Progress::Waiter {
 public:
  explicit NobodyBeside(Process& process) : process_(process) {}
  bool satisfied() const override {
    const TablesLock lock(process_.tables());
    return process_.waiting_threads().beside() == 0;
  }

 private:
  Process& process_;
};

LocalSession::LocalSession(Process& process)
    : process_(process), turn_([this] {
        if (idle_runners_.load() == 0) start_runner();
      }) {
  ::pthread_sigmask(SIG_SETMASK, nullptr, &signals_);
  give_new_threads_signal_stacks();  // and say which call has started them
  {
    const TablesLock lock(process_.tables());
    process_.caller().set_callee(this);
  }
  start_runner();
}

LocalSession::~LocalSession() {
  over_.store(true);
  {
    const TablesLock lock(process_.tables());
    for (Actor& actor : actors_) actor.executor->on(ExitNow{});
  }
  process_.progress().wake_all();
  for (Actor& actor : actors_) actor.thread.join();
  for (;;) {  // a runner that is about to wait may start another one
    std::list<std::thread> runners;
    {
      const std::lock_guard lock(runners_mutex_);
      runners.swap(runners_);
    }
    if (runners.empty()) break;
    for (std::thread& runner : runners) runner.join();
  }
  NobodyBeside nobody(process_);
  process_.progress().wait(nobody);
  const TablesLock lock(process_.tables());
  process_.caller().set_callee(nullptr);
}

// A thread that the ring thread has started blocks all signals, as that does.
void LocalSession::be_like_the_drivers(const char* name) const {
  ::pthread_setname_np(::pthread_self(), name);
  ::pthread_sigmask(SIG_SETMASK, &signals_, nullptr);
}

// ------------------------------------------------------------------------------------------------ tasks

void LocalSession::start_runner() {
  const std::lock_guard lock(runners_mutex_);
  if (over_.load()) return;
  runners_.emplace_back([this] { run_tasks(); });
}

void LocalSession::run_tasks() {
  be_like_the_drivers("manta-tasks");
  const objectstore::SignalStack stack;
  auto executor = std::make_unique<Executor>(process_, turn_);
  while (!over_.load()) {
    if (const auto call = next_task()) {
      const Crash crash = survive([&] { executor->run_locally(call); });
      if (crash.signal != 0) {
        keep_for_ever(executor.get());
        return fail_tasks(*executor.release(), crash);
      }
      continue;
    }
    Idle idle(*this);
    process_.progress().wait(idle);
  }
  const std::lock_guard lock(runners_mutex_);
  ended_runners_.push_back(std::move(executor));
}

DeathReport LocalSession::report(const Crash& crash) const {
  DeathReport death{.pid = ::getpid(), .signal = crash.signal};
  if (!crash.message.empty()) {
    death.signal = 0;
    death.exit_code = kReadOnlyWriteExit;
    death.output = crash.message;
  }
  return death;
}

// The executor is as the crash has left it, and stays so. Its calls are those that waited for each other in place.
void LocalSession::fail_tasks(Executor& executor, const Crash& crash) {
  const DeathReport death = report(crash);
  executor.give_up();
  {
    TablesLock lock(process_.tables());
    lock.serve_afterwards();
    for (Call* const call : executor.in_place().running()) {
      process_.completion().fail(*call,
                                 value_of(crash_error(death, call->display_name(), call->attempt, 1,
                                                      process_.attachment().node)));
    }
  }
  start_runner();
}

void LocalSession::fail_actor(Executor& executor, const Crash& crash) {
  executor.give_up();
  ErrorRecord error;
  error.kind = ErrorKind::kActorDied;
  error.pid = ::getpid();
  error.signal = crash.signal;
  error.message = "actor " + executor.actor_id().hex() + " died: " + full_text(report(crash));
  process_.node().send(ActorFailed{.actor = executor.actor_id()},
                       error_wire_within(error, kMaxInlineValue));
}

base::Ref<Call> LocalSession::next_task() {
  const TablesLock lock(process_.tables());
  process_.run_commands();
  auto call = process_.senders().tasks.take_first();
  if (call) call->run_in_place();
  tasks_wait_.store(process_.senders().tasks.any_queued());
  return call;
}

// ------------------------------------------------------------------------------------------------ actors

Executor* LocalSession::executor_of(const ActorId& id) {
  const auto found = std::find_if(actors_.begin(), actors_.end(),
                                  [&](const Actor& actor) { return actor.id == id; });
  return found == actors_.end() ? nullptr : found->executor.get();
}

// The thread makes its executor, which belongs to it, and waits for the order to construct the actor.
void LocalSession::on(const ActorStart& start, PayloadBytes payload) {
  join_ended_actors();
  std::promise<std::unique_ptr<Executor>> made;
  auto executor = made.get_future();
  Actor& actor = actors_.emplace_back();
  actor.id = start.actor;
  actor.thread = std::thread([this, &actor, made = std::move(made)]() mutable {
    be_like_the_drivers("manta-actor");
    auto own = std::make_unique<Executor>(process_, turn_);
    Executor& runs = *own;
    made.set_value(std::move(own));
    const objectstore::SignalStack stack;
    const Crash crash = survive([&] { runs.run(); });
    if (crash.signal != 0) fail_actor(runs, crash);
    actor.ended.store(true);
  });
  actor.executor = executor.get();
  actor.executor->on(start, payload);
}

void LocalSession::join_ended_actors() {
  actors_.remove_if([this](Actor& actor) {
    if (!actor.ended.load() || actor.executor->has_lanes()) return false;
    actor.thread.join();
    ended_actors_.push_back(std::move(actor.executor));
    return true;
  });
}

void LocalSession::on(const ActorEnd& end) {
  if (Executor* const executor = executor_of(end.actor)) executor->on(end);
}

void LocalSession::on(const LaneOpen& open) {
  if (Executor* const executor = executor_of(open.actor)) executor->on(open);
}

void LocalSession::on(const LaneClose& close) {
  if (forget_lane(close.lane)) process_.node().send(LaneClosed{.lane = close.lane});
}

void LocalSession::on(const CallCancel& cancel) {
  for (Actor& actor : actors_) actor.executor->on(cancel);  // the lane is of one of them
}

std::optional<NumberRange> LocalSession::ask_to_end(const TaskId& task, bool nested) {
  return TaskFrame::ask_to_end(task, nested, process_.ownership());
}

bool LocalSession::forget_lane(std::uint32_t lane) {
  return std::any_of(actors_.begin(), actors_.end(),
                     [&](Actor& actor) { return actor.executor->forget_lane(lane); });
}

bool LocalSession::poll() {
  tasks_wait_.store(process_.senders().tasks.any_queued());
  bool any = tasks_wait_.load() && idle_runners_.load() != 0;
  for (const Actor& actor : actors_) any |= actor.executor->poll();
  return any;
}

bool LocalSession::pending() const {
  return std::any_of(actors_.begin(), actors_.end(),
                     [](const Actor& actor) { return actor.executor->pending(); });
}

}  // namespace manta::detail
