// An InPlace runs calls in place: a task that waits for calls of its own process that have not begun runs them itself,
// on its own stack, instead of waiting for a worker (decision 008). So recursion needs no more workers than a flat
// program.
//
//   task: get(ref) --take() from the TaskSender--> run in place --> its value in the entry --> get returns
//                                                     \--get() inside: the same, one level deeper
//
// A call may run in place if it is the call of a task, has not begun anywhere, is in its first attempt, and asks for
// nothing but CPUs, and no more of them than the running task has, and it is no generator: those run beside whoever
// takes their items. It runs in a task (not in an actor) that has neither GPUs nor an environment of its own, on the
// thread of the task, while more than half of the stack is free. The task must be in its own first attempt: after a
// crash it runs its calls in other workers, so that a crash of one of them is no crash of its own. A call that is to be
// tried again after an exception goes to another worker.
// Threads: confined to the executor's.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "../calls/needed_calls.h"
#include "call_output.h"
#include "running_call.h"

namespace manta::detail {

class InPlace final : public ItemReceiver {
 public:
  InPlace(Process& process, Turn& turn, CallOutput& output)
      : process_(process), turn_(turn), output_(output) {}

  // Runs the next of `needed` that may run in place and that `worth_it` accepts. Gives false if there is none.
  bool run_next(NeededCalls& needed, const std::function<bool(const Call&)>& worth_it);

  void run(const base::Ref<Call>& call);  // one that was taken from its sender
  const std::vector<Call*>& running() const { return running_; }  // from the first on

  // The number of calls that run in place now, each inside the one before.
  std::size_t depth() const { return depth_; }

 private:
  struct Level {
    Level(Process& process, Turn& turn, ItemReceiver& items)
        : running(process, turn, items, RunningCall::Caller::kHere) {}
    std::vector<std::byte> frame;
    RunningCall running;
  };

  class RoomForItem;

  bool take_item(RunningCall& generator) override;
  bool stack_has_room() const;

  Process& process_;
  Turn& turn_;
  CallOutput& output_;
  std::vector<std::unique_ptr<Level>> levels_;  // kept for the next time
  std::vector<Call*> running_;
  std::size_t depth_ = 0;
};

}  // namespace manta::detail
