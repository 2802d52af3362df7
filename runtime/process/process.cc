// In this order: how the session begins and ends; what any thread may ask; and serving: commands, poll(), and which
// part gets which message of the node.
#include "process.h"

#include <string>

#include "../../base/check.h"
#include "../../base/error.h"
#include "../launch/crash_handler.h"
#include "held_blocks.h"
#include "outside_references.h"
#include "spilled_blocks.h"
#include "why.h"

namespace manta::detail {

Process::Process(Attachment attachment)
    : OpenSession(progress_, attachment.node),
      attachment_(std::move(attachment)),
      ownership_(attachment_, number()),
      cores_(control().cores(slot())),
      completion_(ownership_, *this),
      ready_waits_(completion_, callbacks_),
      timers_(base::make_ref<CallTimers>([this] { progress_.kick(); })),
      caller_(attachment_, ownership_, completion_, *timers_),
      senders_(caller_),
      cancelling_(caller_, senders_),
      questions_(*this, ownership_, progress_),
      waiting_threads_(tables(), ownership_, progress_, attachment_.local),
      progress_(control().process(slot()), cores_, *this) {
  rpc::bind_event_bell(attachment_.node_bell.get());
}

Process::~Process() {
  run_commands();  // of threads that submitted while it was being closed
}

// ------------------------------------------------------------------------------------------------ the session

base::Ref<Process> Process::open(Attachment attachment) {
  auto process = base::Ref<Process>::adopt(new Process(std::move(attachment)));
  objectstore::set_current(base::Ref<objectstore::Store>::retain(&process->store()));
  enter(process);
  try {
    process->progress_.start();
  } catch (...) {  // no thread is left
    process->close();
    throw;
  }
  OutsideReferences::install();
  return process;
}

Process& Process::current(const char* what) {
  return static_cast<Process&>(OpenSession::current(what));
}

base::Ref<Process> Process::current_or_null() {
  return base::static_ref_cast<Process>(OpenSession::current_or_null());
}

void Process::close() {
  callbacks_.close();  // first: none begins once a thread has seen that the session ends
  if (!ownership_.close()) return;
  node().stop_waiting();
  progress_.wake_all();
  timers_->stop();
  fail_all_pending();
  callbacks_.stop();  // after the waits have ended
  leave();
  objectstore::set_current(nullptr);
  progress_.stop();
  progress_.wake_all();
  store().close();
}

// Nobody will see it, but a call that waits for another's result and that result hold each other.
void Process::fail_all_pending() {
  const TablesLock lock(tables());
  // Before dead(), with which calls fail from now on.
  death_ = value_of(error_of(ErrorKind::kInvalidArgument,
                             "the session was shut down meanwhile; its objects went with it"));
  node().node_died();
  run_commands();
  fail_everything();
  ready_waits_.close();
}

void Process::node_died() {
  ErrorRecord error =
      error_of(ErrorKind::kNodeDied,
               "the node process of this session (pid " + std::to_string(attachment_.node_pid) +
                   ") died: all its objects, tasks and actors are lost; end this session "
                   "(Session::shutdown()) and start a new one with manta::init()");
  error.node = attachment_.node;
  node().stop_waiting();  // first: a thread that waits may have the lock
  {
    const TablesLock lock(tables());
    death_ = value_of(error);
    node().node_died();
  }
  submit(command_of([this](const base::Ref<Command>&) { fail_everything(); }));
  progress_.wake_all();
}

void Process::fail_everything() {
  senders_.fail_all(death_);
  for (const auto& entry : ownership_.objects().all()) completion_.fail(*entry, death_);
}

void Process::forget_in_child() {
  control().reserve_in_child();
  forget_crash_record();
}

void Process::pass_on_notice(std::span<const std::byte> notice) { node().send(TellUser{}, notice); }

// ------------------------------------------------------------------------------------------------ any thread

void Process::submit(base::Ref<Command> command) {
  queue_.push(command.detach());
  tables().serve_soon();
}

void Process::last_ref_gone(const ObjectEntry& entry) {
  ownership_.objects().remove(entry);
  if (entry.node_holds != 0) {
    node().send(ReleaseObject{.object = entry.id(), .count = entry.node_holds});
  }
}

void Process::last_handle_gone(const ActorEntry& entry) {
  ownership_.actors().remove(entry);
  if (entry.node_holds != 0) {
    node().send(ReleaseActor{.actor = entry.id(), .count = entry.node_holds});
  }
  submit(command_of(
      [this, id = entry.id()](const base::Ref<Command>&) { senders_.actors.forget(id); }));
}

void Process::subscribe(ObjectEntry& entry) {
  const TablesLock lock(tables());
  ownership_.subscribe(entry);
}

void Process::free_object(ObjectEntry& entry) {
  TablesLock lock(tables());
  lock.serve_afterwards();  // what depended on it may continue
  completion_.free(entry);
}

// ------------------------------------------------------------------------------------------------ serving

void Process::run_commands() {
  for (auto commands = queue_.pop_all(); !commands.empty();) {
    Command& command = *commands.pop_front();
    command.run(base::Ref<Command>::adopt(&command), *this);
  }
}

void Process::accept(base::Ref<Call> call) {
  if (ownership_.dead()) return completion_.fail(*call, death_);
  if (!cancelling_.watch(*call)) return;
  completion_.await_arguments(call);
  if (call->actor() != nullptr) {
    senders_.actors.submit(std::move(call));
  } else if (call->missing() == 0) {
    completion_.start_ready(std::move(call));
  }
}

bool Process::poll() {
  const TablesLock lock(tables());
  run_commands();
  if (ownership_.closed()) return false;  // nobody waits for answers any more
  cancelling_.look();
  bool any = node().receive([this](const auto&... message) { deliver(message...); });
  any |= senders_.poll();
  senders_.flush();
  CalleeSide* const callee = caller_.callee();
  return (callee != nullptr && callee->poll()) || any;
}

bool Process::pending() const {
  if (!queue_.empty()) return true;
  if (ownership_.closed()) return false;
  if (ownership_.node().pending()) return true;
  const TablesLock lock(tables());
  const CalleeSide* const callee = caller_.callee();
  return senders_.pending() || (callee != nullptr && callee->pending());
}

namespace {

template <class Part, class... Message>
concept Handles = requires(Part& part, const Message&... message) { part.on(message...); };

}  // namespace

template <class... Message>
void Process::deliver(const Message&... message) {
  if constexpr (requires { on(message...); }) {
    on(message...);
  } else if constexpr (Handles<Completion, Message...>) {
    completion_.on(message...);
  } else if constexpr (Handles<TaskSender, Message...>) {
    senders_.tasks.on(message...);
  } else if constexpr (Handles<ActorSender, Message...>) {
    senders_.actors.on(message...);
  } else if constexpr (Handles<Cancelling, Message...>) {
    cancelling_.on(message...);
  } else if constexpr (Handles<NodeQuestions, Message...>) {
    questions_.on(message...);
  } else if constexpr (Handles<WaitReports, Message...>) {
    waits_.on(message...);
  } else {
    base::check(caller_.callee() != nullptr, "a message for a worker reached a driver");
    caller_.callee()->on(message...);
  }
}

void Process::on(const LaneDead& dead, PayloadBytes payload) {
  const auto death = decode_death(payload);
  base::check(death.has_value(), "the report of a death is malformed");
  CalleeSide* const callee = caller_.callee();
  const bool known =
      senders_.on(dead, *death) || (callee != nullptr && callee->forget_lane(dead.lane));
  if (known) node().send(LaneClosed{.lane = dead.lane});  // else it was closed already, or will be
}

void Process::on(const NeedsAsk& question) { tell_needs(*this, question); }
void Process::on(const SpillAsk& question, PayloadBytes blocks) {
  agree_to_spill(store(), node(), question, blocks);
}
void Process::on(const MemoryAsk& question) {
  const CalleeSide* const callee = caller_.callee();
  tell_held_blocks(store(), node(), question, callee != nullptr ? callee->what_runs() : "");
}

void Process::on(const WhyAskMaker& question, std::string_view text_so_far) {
  tell_why(*this, question, text_so_far);
}

}  // namespace manta::detail
