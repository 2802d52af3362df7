// A local session (MANTA_LOCAL=1) runs tasks and actors in the driver, on threads, one at a time: for debuggers. Values
// are written and read as between processes, and go through the store, so that what a call sees is the same.
//
//   task --> TaskSender --take_first()--> a runner's thread --> done       (or in place, by a call that waits for it)
//   actor --> node --ActorStart--> a thread of its own, with an Executor <--lane-- calls of this process
//
// A call that waits lends its turn; a runner that finds the turn free runs the next task. So there are as many runners
// as calls that wait inside tasks, and one. No worker is started; the node keeps objects and actors, as ever.
// Invariants: one call runs, or all that run wait.
// Threads:    made and destroyed by the thread that opens the session; the on() functions as in CalleeSide.
#pragma once
#include <atomic>
#include <csignal>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "../calls/callee_side.h"
#include "../wire/death_report.h"
#include "executor.h"
#include "local_turn.h"
#include "survive.h"
#include "task_frame.h"

namespace manta::detail {

class LocalSession final : public CalleeSide {
 public:
  explicit LocalSession(Process& process);
  ~LocalSession();  // after Process::close(): waits for the calls that run

  void on(const LaneOpen& open) override;
  void on(const LaneClose& close) override;
  void on(const CallCancel& cancel) override;
  void on(const ActorStart& start, PayloadBytes payload) override;
  void on(const ActorEnd& end) override;
  void on(const ExitNow&) override {}
  bool forget_lane(std::uint32_t lane) override;
  bool poll() override;
  bool pending() const override;
  bool runs_a_task() const override { return false; }
  std::string what_runs() const override { return name_of_running(); }
  std::optional<NumberRange> ask_to_end(const TaskId& task, bool nested) override;

 private:
  // An executor is made by its thread.
  struct Actor {
    ActorId id;
    std::unique_ptr<Executor> executor;
    std::thread thread;
    // The thread has nothing more to do. SYNC: none: it is joined then.
    std::atomic<bool> ended{false};
  };
  class Idle;
  class NobodyBeside;

  void start_runner();
  void run_tasks();
  base::Ref<Call> next_task();
  DeathReport report(const Crash& crash) const;
  void fail_tasks(Executor& executor, const Crash& crash);
  void fail_actor(Executor& executor, const Crash& crash);
  void join_ended_actors();
  Executor* executor_of(const ActorId& id);

  void be_like_the_drivers(const char* name) const;

  const CrashesSurvived crashes_;
  Process& process_;
  LocalTurn turn_;
  sigset_t signals_ = {};  // blocked by the thread that has opened the session
  // SYNC: none, of all three: waiters look again after each poll, and after the wake_all() that follows `over_`;
  // runners_mutex_ sees to it that no runner begins later.
  std::atomic<bool> over_{false};
  std::atomic<bool> tasks_wait_{false};
  std::atomic<std::size_t> idle_runners_{0};
  std::mutex runners_mutex_;
  std::list<std::thread> runners_;
  // Under it, too. A thread that a call has left behind may wait beside the executor until the session is over.
  std::vector<std::unique_ptr<Executor>> ended_runners_;
  // Both under the tables lock. Threads that an actor has started know its executor when it has ended.
  std::list<Actor> actors_;
  std::vector<std::unique_ptr<Executor>> ended_actors_;
};

}  // namespace manta::detail
