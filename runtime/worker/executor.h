// The Executor of a worker runs the calls that arrive on the worker's lanes, one at a time, in the main thread.
//
//   idle --call in a lane--> running --reply--> idle          an actor's worker constructs its object first
//              running --get() blocks--> blocked --> running    (blocked: tasks not begun are given back)
//              running --get()--> runs the call in place --> running          (see in_place.h)
//
// Invariants: the calls of one lane are begun in their order; a call is marked as begun in its lane before it runs, so
//             that whoever finds this process dead knows in which call it died.
// Threads:    run() is the worker's main thread; poll() and on_*() belong to the holder of the progress baton; a mutex
//             guards the ends of the lanes.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <sys/types.h>
#include <vector>

#include "../../rpc/control.h"
#include "../../rpc/progress.h"
#include "../ownership/actor_entry.h"
#include "../wire/lane_messages.h"
#include "../wire/node_messages.h"
#include "call_context.h"
#include "call_output.h"
#include "in_place.h"
#include "running_call.h"

namespace manta::detail {

class Process;

class Executor {
 public:
  explicit Executor(Process& process);
  ~Executor();

  // Returns when the node says so, or when the actor has ended, with the exit code of the process.
  int run();

  // As long as one exists, a thread of the process waits: the executor's own inside get(), or one that user code has
  // started. The CPU of the call that runs is lent to others meanwhile, or until the call ends.
  class Blocked {
   public:
    explicit Blocked(Executor& executor);
    ~Blocked();
    Blocked(const Blocked&) = delete;

   private:
    Executor& executor_;
    std::uint64_t turn_ = 0;
  };
  bool runs_a_task() const { return !is_actor_ && turn_.load() % 2 == 1 && !blocked_.load(); }
  // Whether what runs now may run calls of its own in place, on the executor's thread.
  bool may_run_in_place() const { return !is_actor_ && running_.frame().attempt == 1; }
  InPlace& in_place() { return in_place_; }
  static Executor* of_this_thread();
  void request_actor_exit() { exit_actor_ = true; }
  bool is_actor() const { return is_actor_; }
  const ActorId& actor_id() const { return actor_id_; }
  // Which call runs, for the threads that it has started; 0: an actor's constructor.
  struct Running {
    std::uint32_t lane = 0;
    std::uint64_t sequence = 0;
  };
  Running running() const;
  // Whether user code runs and its own thread does not wait in the runtime; and since when, in monotonic_ms().
  bool in_user_code() const { return turn_.load() % 2 == 1 && !own_thread_waits_.load(); }
  std::int64_t turn_began() const { return turn_began_.load(); }
  pid_t thread() const { return thread_; }
  // The entry and the object of the actor that lives here.
  base::Ref<ActorEntry> self();
  Instance instance() const {
    return instance_.object != nullptr ? instance_ : running_.constructed();
  }

  // For the holder of the baton, under the tables lock.
  void on_node(const NodeFrame& frame, std::span<const std::byte> payload);
  // The lane was closed at its other end, or that end is dead. Gives true if it is to be closed at this end now; false
  // if it is unknown, or if a call of it runs, after which the executor closes it.
  bool forget_lane(std::uint32_t lane);
  bool poll();
  bool pending() const;

 private:
  struct Lane {
    std::uint32_t index = 0;
    rpc::Slot caller = 0;
    LaneKind kind = LaneKind::task;
    rpc::Lane memory;
    rpc::RingReader reader;
    rpc::RingWriter writer;
    bool dead = false;
    // It was closed while a call of it ran: what the caller has lent must stay until the call ends.
    bool close_later = false;
  };
  class Idle;
  class RoomForReply;

  bool take_next(std::shared_ptr<Lane>& lane);
  bool call_waiting() const;
  void run_call(Lane& lane);
  void finished(Lane& lane);
  void reply(Lane& lane, RunningCall& call);
  void give_back(Lane& lane);
  void begin_turn();
  void stop_lending();
  void lend();
  void take_back();
  void start_actor();
  int finish_actor(std::uint64_t reason);

  Process& process_;
  mutable std::mutex lanes_mutex_;
  std::vector<std::shared_ptr<Lane>> lanes_;
  std::shared_ptr<Lane> running_lane_;  // of the call being run
  std::size_t next_lane_ = 0;
  std::vector<std::byte> frame_;  // the call being run
  RunningCall running_;
  CallOutput output_;
  InPlace in_place_;
  std::vector<std::byte> constructor_;  // of an actor that is to be started
  ActorId actor_id_;
  std::string actor_type_;
  Instance instance_;
  bool is_actor_ = false;
  bool exit_actor_ = false;
  const pid_t thread_;
  std::atomic<std::uint64_t> turn_{0};  // calls begun and ended: odd while one runs
  std::atomic<std::int64_t> turn_began_{0};
  std::atomic<bool> own_thread_waits_{false};
  std::mutex lending_mutex_;
  std::atomic<int> lenders_{0};  // threads that wait, of the call that runs
  std::atomic<bool> blocked_{false};
  std::atomic<bool> idle_{false};
  std::atomic<bool> start_requested_{false};
  std::atomic<bool> end_requested_{false};  // of the actor: after the calls received
  std::atomic<bool> exit_requested_{false};
  std::atomic<int> waiting_for_room_{0};
};

}  // namespace manta::detail
