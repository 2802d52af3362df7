// In this order: what the executor waits for (Idle, RoomForReply); the main loop, run(), with the steps of a call,
// take_next(), run_call() and reply(); and what the holder of the progress baton calls, on() and poll().
#include "executor.h"

#include <algorithm>
#include <cstring>
#include <unistd.h>
#include <utility>

#include "../../base/check.h"
#include "../../base/error.h"
#include "../../base/failpoint.h"
#include "../process/process.h"
#include "../wire/actor_payload.h"
#include "run_user_code.h"
#include "task_frame.h"

namespace manta::detail {

// The executor waits for calls, or for an order of the node.
class Executor::Idle final : public rpc::Progress::Waiter {
 public:
  explicit Idle(Executor& executor) : executor_(executor) {
    executor_.activity_.store(Activity::kIdle);
  }
  ~Idle() { executor_.activity_.store(Activity::kBusy); }
  bool satisfied() const override {
    return executor_.orders_.load() != 0 || executor_.call_waiting();
  }

 private:
  Executor& executor_;
};

// The executor waits until the caller has made room in the ring of replies, which is full.
class Executor::RoomForReply final : public rpc::Progress::Waiter {
 public:
  RoomForReply(Executor& executor, Lane& lane, std::uint32_t size)
      : executor_(executor), lane_(lane), size_(size) {
    executor_.activity_.store(Activity::kReplying);
  }
  ~RoomForReply() { executor_.activity_.store(Activity::kBusy); }
  bool satisfied() const override {
    // SYNC: the flag first, then the ring: the caller reads the ring, then the flag.
    lane_.memory.header->flags.fetch_or(kReplyRingFull);
    const std::lock_guard lock(executor_.lanes_mutex_);
    return lane_.dead || lane_.writer.has_room(size_);
  }

 private:
  Executor& executor_;
  Lane& lane_;
  std::uint32_t size_;
};

Executor& Executor::of_this_actor(const char* otherwise) {
  Executor* const here = of_this_thread();
  if (here == nullptr || !here->is_actor()) throw InvalidArgument(otherwise);
  return *here;
}

Executor::Running Executor::running() const {
  const std::lock_guard lock(lanes_mutex_);
  if (!running_lane_) return {};
  return {running_lane_->index, running_lane_->memory.header->started.load()};
}

// ------------------------------------------------------------------------------------------------ the main loop

int Executor::run() {
  auto& progress = process_.progress();
  if (!is_local()) process_.cores().enter();
  set_busy(true);
  while (!ordered(Order::kExit)) {
    if (ordered(Order::kKillActor)) return finish_actor();  // else it would hold what it has
    if (ordered(Order::kStartActor)) {
      orders_.fetch_and(~bit(Order::kStartActor));
      begin();
      start_actor();
      end();
      output_.end_all_lines();
      if (exit_actor_) return finish_actor();
    }
    std::shared_ptr<Lane> lane;
    if (take_next(lane)) {
      run_call(*lane);
      finished(*lane);
      if (exit_actor_) return finish_actor();
      continue;
    }
    output_.end_all_lines();
    if (ordered(Order::kEndActor) && instance_.object != nullptr) return finish_actor();
    set_busy(false);
    {
      Idle idle(*this);
      progress.wait(idle);
    }
    set_busy(true);
  }
  return 0;
}

bool Executor::call_waiting() const {
  if (is_actor_ && instance_.object == nullptr) return false;
  const std::lock_guard lock(lanes_mutex_);
  return std::any_of(lanes_.begin(), lanes_.end(),
                     [](const auto& lane) { return !lane->dead && !lane->reader.empty(); });
}

// Copies the next call out of its ring and marks it as begun. The lanes take turns.
bool Executor::take_next(std::shared_ptr<Lane>& taken) {
  if (is_actor_ && instance_.object == nullptr) return false;
  const std::lock_guard lock(lanes_mutex_);
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const auto& lane = lanes_[(next_lane_ + i) % lanes_.size()];
    if (lane->dead) continue;
    const auto bytes = next_call(*lane);
    if (bytes.empty()) continue;
    frame_.assign(bytes.begin(), bytes.end());
    note_attempt(*lane);
    // SYNC: release: whoever finds this process dead must know that the call has begun.
    lane->memory.header->started.store(sequence_of(frame_), std::memory_order_release);
    lane->reader.pop();
    taken = lane;
    running_lane_ = lane;
    answered_ = false;
    next_lane_ = (next_lane_ + i + 1) % lanes_.size();
    return true;
  }
  return false;
}

// Of the call in frame_: for the node, which must choose when memory runs out.
void Executor::note_attempt(Lane& lane) {
  const bool last = frame_of(frame_).last_attempt != 0;
  if (last == lane.last_attempt) return;
  lane.last_attempt = last;
  auto& flags = lane.memory.header->flags;
  // SYNC: none, see LaneFlag.
  last ? flags.fetch_or(kLastAttempt) : flags.fetch_and(~std::uint32_t{kLastAttempt});
}

void Executor::run_call(Lane& lane) {
  begin();
  output_.end_left_line();
  const auto ended =
      run_user_code(process_.ownership(), process_.node_id(), running_, frame_, instance_.object);
  end();
  output_.flush();
  reply(lane, running_);
  output_.end_line(ended);
}

void Executor::finished(Lane& lane) {
  {
    const std::lock_guard lock(lanes_mutex_);
    running_lane_ = nullptr;
    if (!lane.close_later) return;
  }
  process_.node().send(LaneClosed{.lane = lane.index});
}

void Executor::reply(Lane& lane, RunningCall& call) {
  base::failpoint(base::Failpoint::kCallEnded);
  write_reply<ReplyStatus::kDone>(lane, call);
}

// The order of its steps decides what a death in between leaves behind: see failpoint.h, which names them, and decision
// 009. False: its caller has died.
template <ReplyStatus kStatus>
bool Executor::write_reply(Lane& lane, RunningCall& call) {
  constexpr bool is_item = kStatus == ReplyStatus::kItem;
  auto external = is_item ? call.room_for_item() : call.room_for_results();
  auto results = call.results_for(
      lane.caller,
      {.sequence = call.frame().sequence, .item = is_item ? call.items() : 0, .lane = lane.index});
  ReplyFrame frame;
  frame.status = kStatus;
  frame.sequence = is_item ? call.frame().sequence | kItemOf : call.frame().sequence;
  frame.result_count = call.frame().result_count;
  frame.kept_count = static_cast<std::uint32_t>(call.kept().size());
  frame.run_ns = call.run_time();
  if (external) {
    frame.external_block = external->offset() + 1;
    call.move_results(std::move(external));
    frame.external_size = results.size();
    results = {};
  }
  const auto kept = std::as_bytes(call.kept());
  const auto size = static_cast<std::uint32_t>(sizeof frame + kept.size() + results.size());
  frame.size = size;
  std::byte* out = nullptr;
  while (true) {
    {
      const std::lock_guard lock(lanes_mutex_);
      if (lane.dead) {
        call.drop_blocks();
        return false;
      }
      out = lane.writer.reserve(size);
      if (out != nullptr) {
        std::memcpy(out, &frame, sizeof frame);
        if (!kept.empty()) std::memcpy(out + sizeof frame, kept.data(), kept.size());
        if (!results.empty()) {
          std::memcpy(out + sizeof frame + kept.size(), results.data(), results.size());
        }
        if (call.gives_blocks()) {
          base::failpoint(base::Failpoint::kReplyWritten);
          lane.writer.prepare();  // from here on a death loses neither the reply nor the blocks
          base::failpoint(base::Failpoint::kReplyPrepared);
          call.hand_over_blocks(lane.caller);
        }
        base::failpoint(base::Failpoint::kReplyComplete);
        lane.writer.commit();
        answered_ = !is_item;
        base::failpoint(base::Failpoint::kReplyCommitted);
        break;
      }
    }
    RoomForReply room(*this, lane, size);
    process_.progress().wait(room);
  }
  ring_caller_of(lane);
  return true;
}
template bool Executor::write_reply<ReplyStatus::kItem>(Lane& lane, RunningCall& call);

// ------------------------------------------------------------------------------------------------ the holder's part

void Executor::on(const LaneOpen& open) {
  auto lane = std::make_shared<Lane>();
  lane->index = open.lane;
  lane->caller = open.caller;
  lane->kind = open.kind;
  lane->memory = process_.control().lane(open.lane);
  lane->reader = rpc::RingReader(lane->memory.to_callee);
  lane->writer = rpc::RingWriter(lane->memory.to_caller);
  const std::lock_guard lock(lanes_mutex_);
  lanes_.push_back(std::move(lane));
}

void Executor::on(const LaneClose& close) {
  if (forget_lane(close.lane)) process_.node().send(LaneClosed{.lane = close.lane});
}

void Executor::on(const ActorStart& start, PayloadBytes payload) {
  auto parts = decode_actor(payload);
  base::check(parts.has_value(), "the creation of an actor is malformed");
  actor_id_ = start.actor;
  actor_name_ = std::move(parts->name);
  actor_type_ = std::move(parts->type);
  actor_gpus_ = parts->shape.gpus();
  constructor_ = std::move(parts->call);
  is_actor_ = true;
  order(Order::kStartActor);
}

void Executor::on(const ActorEnd& end) {
  order(end.killed == ActorEnd::Killed::kYes ? Order::kKillActor : Order::kEndActor);
}

void Executor::on(const ExitNow&) { order(Order::kExit); }

bool Executor::has_lanes() const {
  const std::lock_guard lock(lanes_mutex_);
  return !lanes_.empty();
}

bool Executor::forget_lane(std::uint32_t index) {
  std::unique_lock lock(lanes_mutex_);
  const auto found = std::find_if(lanes_.begin(), lanes_.end(),
                                  [&](const auto& lane) { return lane->index == index; });
  if (found == lanes_.end()) return false;
  (*found)->dead = true;  // so that a reply that is about to be written is given up
  const bool running = *found == running_lane_;
  (*found)->close_later = running;
  const bool of_task = (*found)->kind == LaneKind::kTask;
  lanes_.erase(found);
  if (!running) return true;
  if (of_task && !answered_) {  // its caller has died: nobody waits for it
    const TaskId task = task_of(frame_of(frame_));
    lock.unlock();
    if (const auto called = ask_to_end(task, true)) cancelling().cancel_called(*called, {});
  }
  return false;
}

Cancelling& Executor::cancelling() { return process_.cancelling(); }

std::optional<NumberRange> Executor::ask_to_end(const TaskId& task, bool nested) {
  return TaskFrame::ask_to_end(task, nested, process_.ownership());
}

void Executor::ring_caller_of(const Lane& lane) {
  rpc::ring(process_.control().process(lane.caller).bell);
}

bool Executor::write_empty_reply(Lane& lane, std::uint64_t sequence, ReplyStatus status) {
  const ReplyFrame frame{.size = sizeof frame, .status = status, .sequence = sequence};
  auto* out = lane.writer.reserve(sizeof frame);
  if (out == nullptr) return false;
  std::memcpy(out, &frame, sizeof frame);
  lane.writer.commit();
  return true;
}

// Returns the calls that have not begun to their caller.
void Executor::give_back(Lane& lane) {
  const std::lock_guard lock(lanes_mutex_);
  bool any = false;
  for (auto bytes = next_call(lane); !bytes.empty(); bytes = next_call(lane)) {
    if (!write_empty_reply(lane, sequence_of(bytes), ReplyStatus::kReturned)) break;
    lane.reader.pop();
    any = true;
  }
  if (any) ring_caller_of(lane);
}

bool Executor::poll() {
  std::vector<std::shared_ptr<Lane>> lanes;  // whose calls go back
  {
    const std::lock_guard lock(lanes_mutex_);
    for (const auto& lane : lanes_) {
      if (!lane->to_answer.empty()) answer_dropped(*lane);
      if (lane->kind != LaneKind::kTask) continue;
      auto& flags = lane->memory.header->flags;
      // SYNC: none, of both: it came with the bell, see LaneFlag.
      const bool recalled = (flags.load() & kRecall) != 0;
      const bool back = turn_.lent() || (recalled && activity_.load() != Activity::kIdle);
      // While it is idle it has yet to take the call before those that are asked for.
      if (recalled && (back || lane->reader.empty())) flags.fetch_and(~std::uint32_t{kRecall});
      if (back && !lane->reader.empty()) lanes.push_back(lane);
    }
  }
  for (const auto& lane : lanes) give_back(*lane);
  const Activity activity = activity_.load();
  return activity == Activity::kReplying ||
         (activity == Activity::kIdle && (orders_.load() != 0 || call_waiting()));
}

bool Executor::pending() const {
  // The calls of an actor stay where they are while the actor waits.
  return (activity_.load() == Activity::kIdle || (turn_.lent() && !is_actor_)) && call_waiting();
}

}  // namespace manta::detail
