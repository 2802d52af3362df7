// The Executor of a worker runs the calls that arrive on the worker's lanes, one at a time, in the main thread.
//
//   idle --call in a lane--> running --reply--> idle          an actor's worker constructs its object first
//              running --get() blocks--> blocked --> running    (blocked: tasks not begun are given back)
//              running --get()--> runs the call in place --> running          (see in_place.h)
//
// Invariants: the calls of one lane are begun in their order; a call is marked as begun in its lane before it runs, so
//             that whoever finds this process dead knows in which call it died.
// Threads:    run() is the worker's main thread; poll() and on(...) belong to the holder of the progress baton; a mutex
//             guards the ends of the lanes.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

#include "../../rpc/control.h"
#include "../../rpc/progress.h"
#include "../calls/callee_side.h"
#include "../ownership/actor_entry.h"
#include "../wire/lane_messages.h"
#include "../wire/node_messages.h"
#include "call_context.h"
#include "call_output.h"
#include "in_place.h"
#include "running_call.h"
#include "task_frame.h"
#include "turn.h"

namespace manta::detail {

class Cancelling;
class LocalTurn;
class Process;

class Executor final : public CalleeSide, private ItemReceiver {
 public:
  explicit Executor(Process& process);
  // One of several in the driver, of a local session.
  Executor(Process& process, LocalTurn& turn) : Executor(process, nullptr, &turn) {}
  ~Executor();

  // Returns when the node says so, or when the actor has ended, with the exit code of the process.
  int run();

  // The call that runs now.
  Turn& turn() { return turn_; }
  bool runs_a_task() const override { return !is_actor_ && turn_.runs() && !turn_.lent(); }
  std::string what_runs() const override { return name_of_running(); }
  // Whether what runs now may run calls of its own in place, on the executor's thread.
  bool may_run_in_place() const { return !is_actor_ && running_.frame().attempt == 1; }
  InPlace& in_place() { return in_place_; }
  static Executor* of_this_thread();
  // That of the actor whose method runs here. Throws InvalidArgument with this text if there is none.
  static Executor& of_this_actor(const char* otherwise);
  // Null in a driver; in a local session the one that runs a call. Any thread.
  static Executor* of_process();
  bool is_local() const { return local_turn_ != nullptr; }
  // In a local session: whose calls have started a thread. A new thread takes over that of the one that has started it.
  struct Starter {
    Executor* executor = nullptr;
    std::uint32_t session = 0;
  };
  static Starter starter_of_this_thread();
  static void set_starter_of_this_thread(const Starter& starter);
  static Executor* that_started_this_thread();  // null: none of this session
  // In a local session: runs the call of a task, when it is this thread's turn.
  void run_locally(const base::Ref<Call>& call);
  // For the generator that runs: until it may give another item. Others have the CPU meanwhile, and in a local session
  // whoever waits for the turn has it before the generator continues.
  void wait_until_taken(rpc::Progress::Waiter& room);
  // After a crash, which has left everything as it was: only the turn goes to others.
  void give_up();
  void request_actor_exit() { exit_actor_ = true; }
  bool is_actor() const { return is_actor_; }
  std::size_t gpus_of_actor() const { return actor_gpus_; }
  const ActorId& actor_id() const { return actor_id_; }
  const std::string& actor_name() const { return actor_name_; }
  // Which call runs, for the threads that it has started; 0: an actor's constructor.
  struct Running {
    std::uint32_t lane = 0;
    std::uint64_t sequence = 0;
  };
  Running running() const;
  pid_t thread() const { return thread_; }
  // The entry and the object of the actor that lives here.
  base::Ref<ActorEntry> self();
  Instance instance() const {
    return instance_.object != nullptr ? instance_ : running_.constructed();
  }

  // For the holder of the baton, under the tables lock.
  void on(const LaneOpen& open) override;
  void on(const LaneClose& close) override;
  void on(const CallCancel& cancel) override;
  void on(const ActorStart& start, PayloadBytes payload) override;
  void on(const ActorEnd& end) override;
  void on(const ExitNow& exit) override;
  bool forget_lane(std::uint32_t lane) override;
  std::optional<NumberRange> ask_to_end(const TaskId& task, bool nested) override;
  bool has_lanes() const;
  bool poll() override;
  bool pending() const override;

 private:
  Executor(Process& process, const std::atomic<std::uint32_t>* held_lines, LocalTurn* turn);

  struct Lane {
    std::uint32_t index = 0;
    rpc::Slot caller = 0;
    LaneKind kind = LaneKind::kTask;
    rpc::Lane memory;
    rpc::RingReader reader;
    rpc::RingWriter writer;
    bool dead = false;
    // It was closed while a call of it ran: what the caller has lent must stay until the call ends.
    bool close_later = false;
    bool last_attempt = false;  // kLastAttempt is set
    // Calls in the ring that were cancelled: they are passed over; and those of them that have no reply yet.
    std::set<std::uint64_t> dropped;
    std::set<std::uint64_t> to_answer;
  };
  // What the executor's thread does, as far as the holder of the baton must know it.
  enum class Activity : std::uint8_t {
    kBusy,      // it runs user code, or is about to
    kIdle,      // it waits for calls or orders
    kReplying,  // it waits for room in the ring of a caller
  };
  // What the node has ordered: to kill an actor in a local session only, which has no process to kill. Only the first
  // is forgotten when it has been carried out.
  enum class Order : std::uint8_t { kStartActor, kEndActor, kKillActor, kExit };
  static std::uint8_t bit(Order one) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(one));
  }
  void order(Order one) { orders_.fetch_or(bit(one)); }
  bool ordered(Order one) const { return (orders_.load() & bit(one)) != 0; }

  std::string last_call() const;  // that the executor's thread has run, or runs

  class Idle;
  class RoomForReply;
  class RoomForItem;

  bool take_next(std::shared_ptr<Lane>& lane);
  static std::span<const std::byte> next_call(Lane& lane);
  void note_attempt(Lane& lane);
  Cancelling& cancelling();
  void ring_caller_of(const Lane& lane);
  static bool write_empty_reply(Lane& lane, std::uint64_t sequence, ReplyStatus status);
  void answer_dropped(Lane& lane);
  bool drop(Lane& lane, std::uint64_t sequence);
  bool call_waiting() const;
  void run_call(Lane& lane);
  void finished(Lane& lane);
  bool take_item(RunningCall& call) override;
  void reply(Lane& lane, RunningCall& call);
  template <ReplyStatus kStatus>
  bool write_reply(Lane& lane, RunningCall& call);
  void give_back(Lane& lane);
  void lend();
  void take_back();
  void begin();
  void end();
  void take_turn();
  void leave_turn();
  void set_busy(bool busy);
  void start_actor();
  int finish_actor();

  Process& process_;
  mutable std::mutex lanes_mutex_;
  std::vector<std::shared_ptr<Lane>> lanes_;
  std::shared_ptr<Lane> running_lane_;  // of the call being run
  bool answered_ = false;               // it has a reply
  std::size_t next_lane_ = 0;
  std::vector<std::byte> frame_;  // of the call being run
  RunningCall running_;
  CallOutput output_;
  InPlace in_place_;
  std::vector<std::byte> constructor_;  // of an actor that is to be started
  ActorId actor_id_;
  std::string actor_name_, actor_type_;
  std::size_t actor_gpus_ = 0;  // that it sees
  Instance instance_;
  // SYNC: none: a thread that sees it before the order, which publishes the constructor, takes no call until then.
  std::atomic<bool> is_actor_{false};
  bool exit_actor_ = false;
  const pid_t thread_;
  LocalTurn* const local_turn_;  // null in a worker
  Turn turn_;
  // SYNC: release and acquire, of all accesses to these two: the executor's thread, when it sees an order, sees what
  // came with it (on(ActorStart)); the holder of the baton, when it sees kIdle, sees what the thread has left. Neither
  // need see the newest value: each looks again, at each poll and at each look of its wait (rpc/progress.h).
  std::atomic<Activity> activity_{Activity::kBusy};
  std::atomic<std::uint8_t> orders_{0};  // bits of Order
};

}  // namespace manta::detail
