// A Process is what one process (driver or worker) of a session has: its end of the shared memory, and the parts that
// serve it. It wires them together and decides nothing.
//
//   user thread --Command--> queue --holder of the baton--> TaskSender, ActorSender --> lanes, node
//                 <-- entries done <------------------------ replies, values <---------
//
// Invariants: the tables (senders, homes and dependents of entries, actors) change only under the tables lock, which
//             the holder of the baton has inside poll().
// Threads:    see each part; Process::current() may be called from any.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string_view>

#include "../../objectstore/store.h"
#include "../../rpc/control.h"
#include "../../rpc/progress.h"
#include "../calls/actor_sender.h"
#include "../calls/call.h"
#include "../calls/callbacks.h"
#include "../calls/task_sender.h"
#include "../launch/entry.h"
#include "../ownership/node_link.h"
#include "../ownership/object_table.h"
#include "../ownership/value_codec.h"
#include "../waiting/wait_report.h"
#include "../wire/death_report.h"
#include "../wire/error_record.h"
#include "node_questions.h"

namespace manta::detail {

class Executor;

// The mapping of the control memory, as long as somebody needs it.
struct SharedControl final : base::Counted {
  explicit SharedControl(int fd) : control(fd) {}
  rpc::Control control;
};

class Process final : public base::Counted, private rpc::Progress::Work {
 public:
  static base::Ref<Process> open(Attachment attachment);
  ~Process() override;

  // The open session's process. The first throws InvalidArgument, naming `what`, when there is none.
  static Process& current(const char* what);
  static base::Ref<Process> current_or_null();
  static bool session_is_the_parents();
  static void refuse_if_forked(
      const char* what);  // InvalidArgument in a child of one with a session
  static objectstore::Store& current_store();
  static std::uint32_t current_session();  // 0: none is open

  void close();  // nothing new from now on; stops the ring thread

  const Attachment& attachment() const { return attachment_; }
  rpc::Control& control() { return control_; }
  rpc::Cores& cores() { return cores_; }
  rpc::Progress& progress() { return progress_; }
  objectstore::Store& store() { return *store_; }
  NodeLink& node() { return node_; }
  ObjectTable& objects() { return objects_; }
  ActorSender& actors() { return actors_; }
  TaskSender& tasks() { return tasks_; }
  Callbacks& callbacks() { return callbacks_; }
  NodeQuestions& questions() { return questions_; }
  WaitReports& waits() { return waits_; }
  // Holds the tables lock. What is submitted meanwhile by this thread is served after it.
  class TablesLock {
   public:
    explicit TablesLock(Process& process);
    ~TablesLock();
    TablesLock(const TablesLock&) = delete;
    void poll_afterwards() { submitted_ = true; }  // there is something new to serve

   private:
    friend class Process;
    Process& process_;
    std::unique_lock<std::mutex> lock_;
    TablesLock* const outer_;
    bool submitted_ = false;
  };
  rpc::Slot slot() const { return attachment_.slot; }
  std::uint32_t session() const { return session_; }
  double node_cpus() const { return attachment_.cpus; }
  void set_executor(Executor* executor) { executor_ = executor; }
  Executor* executor() const { return executor_; }  // null in a driver
  bool is_worker() const { return executor_ != nullptr; }
  bool runs_a_task() const;  // and does not wait in it

  // ---- any thread
  static constexpr std::uint64_t kMaxPendingBytes = std::uint64_t{1} << 30;
  void add_pending(std::uint64_t bytes) {
    pending_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }
  void remove_pending(std::uint64_t bytes) {
    pending_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  }
  std::uint64_t pending_bytes() const { return pending_bytes_.load(std::memory_order_relaxed); }
  bool can_finish_something() const;  // takes the tables lock
  TaskId next_task_id() { return {id_prefix_, next_id_.fetch_add(1, std::memory_order_relaxed)}; }
  void submit(Command* command);  // takes it over; runs it in the next poll
  ObjectEntryRef make_entry();    // local and pending
  void subscribe(
      ObjectEntry& entry);  // asks the node for the value of an object made elsewhere, once
  void publish(const serialization::Reference& reference);  // takes the tables lock
  void free_object(ObjectEntry& entry);
  void node_died();

  // ---- under the tables lock
  void accept(Call* call);
  void complete(Call& call, const ReplyFrame& frame, std::span<const std::byte> rest);
  // Of a call that ran in place: its results, or for each the error.
  void complete_here(Call& call, std::vector<Value> values);
  void fail(Call& call, const ErrorRecord& error);
  void fail(Call& call, ErrorKind kind, std::string_view message);
  void fail_with(Call& call, const Value& error);
  void finish(ObjectEntry& entry, Value value);     // completes it and starts what depended on it
  const CallLane* lane_of(const Call& call) const;  // null: it is not in flight
  void close_lane(std::uint32_t lane,
                  rpc::Slot callee);  // a caller's end; both ends of one to itself
  // Its callee died, and all that it answered was read: what it held for us in a reply that never came is taken back.
  void take_back_holds(const CallLane& lane, const DeathReport& death);
  void publish_locked(const serialization::Reference& reference);
  void publish_references(std::span<const serialization::Reference> references);
  ObjectEntryRef adopt_object(const ObjectId& id, Arrival arrival);
  base::Ref<ActorEntry> adopt_actor(const ActorId& id, Arrival arrival);
  void add_dependent(ObjectEntry& entry, ObjectEntry::Dependent dependent);
  void subscribe_locked(ObjectEntry& entry);
  // All arguments are there: keeps what they refer to until the reply, and makes the call fit into a lane. Not null:
  // why it must fail instead.
  std::unique_ptr<ErrorRecord> make_ready(Call& call);
  void give_call_to_node(const Call& call);
  void run_commands();  // what threads have submitted before now
  void must_report(std::uint64_t block) { reported_blocks_.insert(block); }
  // Threads of user code in a worker that wait for something that the executor's thread may bring about, too.
  void count_waiter_beside(int change) { waiters_beside_ += change; }
  int waiters_beside() const { return waiters_beside_; }
  bool take_report(std::uint64_t block) { return reported_blocks_.erase(block) != 0; }
  bool dead() const { return node_.dead(); }
  // Counts objects that turned out failed: who waits for many looks for a failure only when it has changed.
  std::uint64_t failures() const { return failures_.load(); }
  bool closed() const { return closed_.load(); }  // whoever waits gives up
  const Value& death() const { return death_; }

 private:
  explicit Process(Attachment attachment);

  bool poll() override;
  bool pending() const override;
  void on_node(const NodeFrame& frame, std::span<const std::byte> payload);
  void on_value(const NodeFrame& frame, std::span<const std::byte> payload);
  void on_freed(const NodeFrame& frame);
  void on_lane_dead(const NodeFrame& frame, std::span<const std::byte> payload);
  void start_ready(Call* call);
  void start_dependents(ObjectEntry& entry);
  void publish_object(ObjectEntry& entry);
  std::vector<std::byte> externalize(std::span<const std::byte> wire, base::StorageRef& keep);
  void send_value(NodeMessage kind, std::uint64_t arg0, const ObjectEntry& entry);
  void give_blocks_to_node(const Value& value);
  void adopt_kept_blocks(std::span<const std::uint64_t> offsets);
  void fail_everything();
  void fail_all_pending();

  Attachment attachment_;
  base::Ref<SharedControl> shared_control_;  // arrays that outlive the session keep it too
  rpc::Control& control_;
  rpc::Cores cores_;
  base::Ref<objectstore::Store> store_;
  NodeLink node_;
  ObjectTable objects_;
  rpc::MpscQueue<Command> queue_;
  mutable std::mutex tables_;
  TaskSender tasks_;
  ActorSender actors_;
  Callbacks callbacks_;
  Executor* executor_ = nullptr;  // of a worker
  std::set<std::uint64_t> reported_blocks_;
  int waiters_beside_ = 0;
  Value death_;  // what everything fails with once the node is dead
  std::atomic<bool> death_seen_{false};
  std::atomic<std::uint64_t> pending_bytes_{0};
  std::atomic<std::uint64_t> next_id_{1};
  std::atomic<std::uint64_t> failures_{0};
  NodeQuestions questions_;
  WaitReports waits_;
  std::uint64_t id_prefix_ = 0;
  std::uint32_t session_ = 0;
  std::atomic<bool> closed_{false};
  rpc::Progress progress_;
};

ErrorRecord record_of(const Value& error);
Value value_of(const ErrorRecord& error);
Value copy_of(const Value& error);

}  // namespace manta::detail
