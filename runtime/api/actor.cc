#include "actor.h"

#include "../../base/error.h"
#include "../calls/call.h"
#include "../process/process.h"
#include "../wire/actor_payload.h"
#include "../worker/exceptions.h"
#include "../worker/executor.h"
#include "resolve_options.h"

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
  CreateActor(base::Ref<ActorEntry> actor, ActorOptions options, std::string type,
              std::unique_ptr<Call> call)
      : actor_(std::move(actor)),
        options_(std::move(options)),
        type_(std::move(type)),
        call_(std::move(call)) {}

  void run(Process& process) override {
    std::unique_ptr<CreateActor> self(this);
    if (process.dead())
      return process.actors().die_before_start(*actor_, record_of(process.death()), false);
    if (auto* missing = first_missing()) {
      declare(process);  // others may hear of the actor before it is made
      process.actors().waits_for_arguments(*actor_, *call_);
      // Runs again when it is there.
      process.add_dependent(*missing, {nullptr, nullptr, self.release()});
      return;
    }
    if (const auto error = process.make_ready(*call_)) {
      return process.actors().die_before_start(*actor_, *error, declared_);
    }
    process.give_call_to_node(*call_);
    send(process, NodeMessage::actor_create, *call_);
    process.actors().created(*actor_, std::move(call_));
  }

 private:
  ObjectEntry* first_missing() const {
    if (!call_->kept) return nullptr;
    for (const auto& part : call_->kept->parts) {
      if (!part.entry->done()) return part.entry.get();
    }
    return nullptr;
  }

  void declare(Process& process) {
    if (declared_) return;
    declared_ = true;
    send(process, NodeMessage::actor_declare, Call());
  }

  void send(Process& process, NodeMessage kind, const Call& call) {
    std::vector<std::byte> arguments(call.external ? 0 : call.arguments_size());
    if (!arguments.empty()) call.write_arguments(arguments.data());
    const auto payload = write_actor_payload(options_, type_, call.frame, arguments);
    const NodeFrame frame{.kind = kind,
                          .id_hi = actor_->id().hi(),
                          .id_lo = actor_->id().lo(),
                          .real = options_.cpus};
    process.node().send(frame, payload);
  }

  base::Ref<ActorEntry> actor_;
  ActorOptions options_;
  std::string type_;
  std::unique_ptr<Call> call_;
  bool declared_ = false;
};

// In the order of submission: after the creation.
class Kill final : public Command {
 public:
  explicit Kill(base::Ref<ActorEntry> entry) : entry_(std::move(entry)) {}
  void run(Process& process) override {
    const auto& id = entry_->id();
    process.node().send({.kind = NodeMessage::actor_kill, .id_hi = id.hi(), .id_lo = id.lo()});
    delete this;
  }

 private:
  base::Ref<ActorEntry> entry_;
};

}  // namespace

ActorEntry& checked_actor(const base::Ref<ActorEntry>& entry, const char* what) {
  if (!entry) {
    throw InvalidArgument(
        std::string(what) +
        ": the handle is empty: it was made by its default constructor, or moved from");
  }
  if (entry->session() != Process::current_session()) {
    Process::refuse_if_forked(what);
    throw InvalidArgument(std::string(what) + ": the session of actor " + entry->id().hex() +
                          " has ended; its actors went with it");
  }
  return *entry;
}

ActorBuilder::ActorBuilder(const ActorOptions& options, Stub stub, std::string type)
    : options_(options), type_(std::move(type)) {
  check_actor_options(options);
  call_ = std::make_unique<CallBuilder>(constructor_spec(stub));
}

base::Ref<ActorEntry> ActorBuilder::create() {
  Process& process = Process::current("manta::actor()");
  const TaskId id = process.next_task_id();
  auto entry = base::make_ref<ActorEntry>(ActorId(id.hi(), id.lo()), process.session());
  entry->home = Home::held;
  entry->node_holds = 1;  // the node counts its maker from the beginning
  process.actors().add(*entry);
  auto call = call_->take();
  call->frame.kind = CallKind::constructor;
  call->actor = nullptr;
  process.submit(new CreateActor(entry, options_, type_, std::move(call)));
  return entry;
}

void kill_actor(ActorEntry& entry) {
  Process::current("ActorHandle::kill()").submit(new Kill(base::Ref<ActorEntry>::retain(&entry)));
}

namespace {
class Watch final : public Command {
 public:
  explicit Watch(base::Ref<ActorEntry> entry) : entry_(std::move(entry)) {}
  void run(Process& process) override {
    process.actors().watch_end(*entry_);
    delete this;
  }

 private:
  base::Ref<ActorEntry> entry_;
};
}  // namespace

ObjectEntryRef actor_ready(ActorEntry& entry) {
  Process::current("ActorHandle::ready()").submit(new Watch(base::Ref<ActorEntry>::retain(&entry)));
  return entry.ready();
}

ObjectEntryRef actor_ended(ActorEntry& entry) {
  Process::current("ActorHandle::ended()").submit(new Watch(base::Ref<ActorEntry>::retain(&entry)));
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
