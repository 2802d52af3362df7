#include "actor.h"

#include "../../base/error.h"
#include "../calls/call.h"
#include "../options/check_options.h"
#include "../ownership/error_values.h"
#include "../process/process.h"
#include "../wire/actor_payload.h"
#include "../worker/exceptions.h"
#include "../worker/executor.h"

namespace manta {
namespace detail {
namespace {

CallSpec constructor_spec(Stub stub) {
  CallSpec spec;
  spec.stub = identify_stub(stub);
  return spec;
}

// Sends the creation of an actor to the node once the constructor's arguments are there.
class CreateActor final : public Command {
 public:
  CreateActor(Process& process, base::Ref<ActorEntry> actor, ActorOptions options, std::string type,
              base::Ref<Call> call)
      : process_(process),
        actor_(std::move(actor)),
        options_(std::move(options)),
        type_(std::move(type)),
        call_(std::move(call)) {}

  void run(base::Ref<Command> self, CallRouter&) override {
    ActorSender& sender = process_.senders().actors;
    if (process_.ownership().dead())
      return sender.die_before_start(*actor_, record_of(process_.death()), false);
    if (auto* missing = first_missing()) {
      declare();  // others may hear of the actor before it is made
      sender.waits_for_arguments(*actor_, *call_);
      // Runs again when it is there.
      return process_.completion().add_dependent(*missing, {.command = std::move(self)});
    }
    if (const auto error = process_.completion().make_ready(*call_))
      return sender.die_before_start(*actor_, *error, declared_);
    process_.completion().give_to_node(*call_);
    send(NodeMessage::actor_create, *call_);
    sender.created(*actor_, std::move(call_));
  }

 private:
  ObjectEntry* first_missing() const {
    if (!call_->kept) return nullptr;
    for (const auto& part : call_->kept->parts) {
      if (!part.entry->done()) return part.entry.get();
    }
    return nullptr;
  }

  void declare() {
    if (declared_) return;
    declared_ = true;
    send(NodeMessage::actor_declare, *base::make_ref<Call>());
  }

  void send(NodeMessage kind, const Call& call) {
    std::vector<std::byte> arguments(call.external ? 0 : call.arguments_size());
    if (!arguments.empty()) call.write_arguments(arguments.data(), process_.store());
    const auto payload = write_actor_payload(options_, type_, call.frame, arguments);
    const NodeFrame frame{.kind = kind,
                          .id_hi = actor_->id().hi(),
                          .id_lo = actor_->id().lo(),
                          .real = options_.cpus};
    process_.node().send(frame, payload);
  }

  Process& process_;
  base::Ref<ActorEntry> actor_;
  ActorOptions options_;
  std::string type_;
  base::Ref<Call> call_;
  bool declared_ = false;
};

// Asks something of the actor in the order of submission: after its creation.
template <class Ask>
class AskActor final : public Command {
 public:
  AskActor(Process& process, ActorEntry& entry, Ask ask)
      : process_(process), entry_(base::Ref<ActorEntry>::retain(&entry)), ask_(std::move(ask)) {}
  void run(base::Ref<Command>, CallRouter&) override { ask_(process_, *entry_); }

 private:
  Process& process_;
  base::Ref<ActorEntry> entry_;
  const Ask ask_;
};

template <class Ask>
void submit_to(ActorEntry& entry, const char* what, Ask ask) {
  Process& process = Process::current(what);
  process.submit(base::make_ref<AskActor<Ask>>(process, entry, std::move(ask)));
}

void watch_end(Process& process, ActorEntry& entry) { process.senders().actors.watch_end(entry); }

}  // namespace

ActorBuilder::ActorBuilder(const ActorOptions& options, Stub stub, std::string type)
    : options_(options), type_(std::move(type)) {
  check_actor_options(options);
  call_ = std::make_unique<CallBuilder>(constructor_spec(stub));
}

base::Ref<ActorEntry> ActorBuilder::create() {
  Process& process = Process::current("manta::actor()");
  const TaskId id = process.ownership().next_task_id();
  auto entry = base::make_ref<ActorEntry>(ActorId(id.hi(), id.lo()), process.ownership().session());
  entry->home = Home::held;
  entry->node_holds = 1;  // the node counts its maker from the beginning
  process.ownership().actors().add(*entry);
  auto call = call_->take();
  call->frame.kind = CallKind::constructor;
  call->actor = nullptr;
  process.submit(base::make_ref<CreateActor>(process, entry, options_, type_, std::move(call)));
  return entry;
}

void kill_actor(ActorEntry& entry) {
  submit_to(entry, "ActorHandle::kill()", [](Process& process, ActorEntry& actor) {
    const auto& id = actor.id();
    process.node().send({.kind = NodeMessage::actor_kill, .id_hi = id.hi(), .id_lo = id.lo()});
  });
}

ObjectEntryRef actor_ready(ActorEntry& entry) {
  submit_to(entry, "ActorHandle::ready()", watch_end);
  return entry.ready();
}

ObjectEntryRef actor_ended(ActorEntry& entry) {
  submit_to(entry, "ActorHandle::ended()", watch_end);
  return entry.ended();
}

}  // namespace detail

void exit_actor() {
  auto* executor = detail::Executor::of_this_thread();
  if (executor == nullptr || !executor->is_actor()) {
    throw InvalidArgument("manta::exit_actor() was called outside of an actor's method");
  }
  executor->request_actor_exit();
  throw detail::ExitActor();
}

}  // namespace manta
