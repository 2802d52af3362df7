// A Process is what one process (driver or worker) of a session has: its end of the shared memory, and the parts that
// serve it. It wires them together and decides nothing.
//
//   user thread --Command--> queue --holder of the baton--> Completion --> TaskSender, ActorSender --> lanes, node
//                 <-- entries done <------------------------ replies, values <---------
//
// Invariants: the tables (senders, homes and dependents of entries, actors) change only under the tables lock, which
//             the holder of the baton has inside poll().
// Threads:    see each part; Process::current() may be called from any.
#pragma once
#include <span>
#include <string_view>

#include "../../rpc/control.h"
#include "../../rpc/progress.h"
#include "../calls/callbacks.h"
#include "../calls/caller_side.h"
#include "../calls/cancelling.h"
#include "../calls/completion.h"
#include "../calls/ready_wait.h"
#include "../calls/senders.h"
#include "../launch/entry.h"
#include "../ownership/open_session.h"
#include "../ownership/ownership.h"
#include "node_questions.h"
#include "wait_reports.h"
#include "waiting_threads.h"

namespace manta::detail {

class Process final : public OpenSession, private rpc::Progress::Work, private CallRouter {
 public:
  static base::Ref<Process> open(Attachment attachment);
  ~Process() override;

  // The open session's process. The first throws InvalidArgument, naming `what`, when there is none.
  static Process& current(const char* what);
  static base::Ref<Process> current_or_null();

  void close();      // nothing new from now on; stops the ring thread
  void node_died();  // everything fails from now on

  const Attachment& attachment() const { return attachment_; }
  Ownership& ownership() { return ownership_; }
  Completion& completion() { return completion_; }
  CallerSide& caller() { return caller_; }
  Senders& senders() { return senders_; }
  Cancelling& cancelling() { return cancelling_; }
  Callbacks& callbacks() { return callbacks_; }
  ReadyWaits& ready_waits() { return ready_waits_; }
  NodeQuestions& questions() { return questions_; }
  WaitReports& waits() { return waits_; }
  WaitingThreads& waiting_threads() { return waiting_threads_; }
  rpc::Cores& cores() { return cores_; }
  rpc::Progress& progress() { return progress_; }

  rpc::Control& control() { return ownership_.control(); }
  objectstore::Store& store() { return ownership_.store(); }
  NodeLink& node() { return ownership_.node(); }
  rpc::Slot slot() const { return attachment_.slot; }

  // ---- any thread
  void submit(base::Ref<Command> command);  // runs it in the next poll
  void subscribe(ObjectEntry& entry);       // see Ownership
  void free_object(ObjectEntry& entry);

  // ---- under the tables lock
  void run_commands();                           // what threads have submitted before now
  const Value& death() const { return death_; }  // what everything fails with once the node is dead

 private:
  explicit Process(Attachment attachment);

  void last_ref_gone(const ObjectEntry& entry) override;
  void last_handle_gone(const ActorEntry& entry) override;
  void pass_on_notice(std::span<const std::byte> notice) override;
  void forget_in_child() override;

  void accept(base::Ref<Call> call) override;
  void send_ready(base::Ref<Call> call) override { senders_.tasks.submit(std::move(call)); }
  void start_ready(base::Ref<Call> call) override { completion_.start_ready(std::move(call)); }

  bool poll() override;
  bool pending() const override;
  // A message of the node, with its payload if it has one: to whichever part has an on() for it.
  template <class... Message>
  void deliver(const Message&... message);
  void on(const LaneDead& dead, PayloadBytes payload);
  void on(const NeedsAsk& question);
  void on(const MemoryAsk& question);
  void on(const SpillAsk& question, PayloadBytes blocks);
  void on(const WhyAskMaker& question, std::string_view text_so_far);
  void fail_everything();
  void fail_all_pending();

  const Attachment attachment_;
  Ownership ownership_;
  rpc::Cores cores_;
  rpc::MpscQueue<Command> queue_;
  Callbacks callbacks_;
  Completion completion_;
  ReadyWaits ready_waits_;
  const base::Ref<CallTimers> timers_;
  CallerSide caller_;
  Senders senders_;
  Cancelling cancelling_;
  NodeQuestions questions_;
  WaitReports waits_;
  WaitingThreads waiting_threads_;
  Value death_;
  rpc::Progress progress_;
};

}  // namespace manta::detail
