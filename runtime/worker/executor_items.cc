// How the items of a generator leave a worker (decision 034): each in a message of its own, as a reply would; and if
// only so many may wait to be taken, the generator waits until its caller says that it has taken some.
#include <memory>
#include <mutex>

#include "executor.h"
#include "task_frame.h"

namespace manta::detail {

// A generator may give another item when its caller has taken some, or is to end.
class Executor::RoomForItem final : public rpc::Progress::Waiter {
 public:
  RoomForItem(Executor& executor, Lane& lane) : executor_(executor), lane_(lane) {
    executor_.activity_.store(Activity::kReplying);
  }
  ~RoomForItem() { executor_.activity_.store(Activity::kBusy); }
  bool satisfied() const override {
    const RunningCall& call = executor_.running_;
    if (call.may_give_another(0) || is_to_end()) return true;
    // SYNC: the flag first, then the number: the caller stores the number, then looks at the flag.
    lane_.memory.header->flags.fetch_or(kAwaitsTaker);
    const std::uint64_t taken = lane_.memory.header->taken.load();
    return call.may_give_another(TakenItems::of(call.frame().sequence, taken));
  }
  bool is_to_end() const {
    if (executor_.ordered(Order::kExit) || executor_.ordered(Order::kKillActor)) return true;
    if (TaskFrame::asked_to_end(task_of(executor_.running_.frame()))) return true;
    const std::lock_guard lock(executor_.lanes_mutex_);
    return lane_.dead;
  }

 private:
  Executor& executor_;
  Lane& lane_;
};

// Its results are one item until now.
bool Executor::take_item(RunningCall& call) {
  const std::shared_ptr<Lane> lane = running_lane_;
  // SYNC: none: nobody writes it before the first item has come.
  if (call.items() == 1) lane->memory.header->taken.store(0);
  if (!write_reply<ReplyStatus::kItem>(*lane, call)) return false;
  RoomForItem room(*this, *lane);
  wait_until_taken(room);
  return !room.is_to_end();
}

}  // namespace manta::detail
