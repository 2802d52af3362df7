#include "actor.h"

#include "../../base/error.h"
#include "../calls/call.h"
#include "../options/check_environment.h"
#include "../options/check_options.h"
#include "../ownership/error_values.h"
#include "../process/process.h"
#include "../wire/actor_payload.h"
#include "../worker/exceptions.h"
#include "../worker/executor.h"
#include "actor_names.h"

namespace manta {
namespace detail {
namespace {

CallSpec constructor_spec(Stub stub) {
  return {.kind = CallKind::kConstructor, .stub = identify_stub(stub)};
}

// Sends the creation of an actor to the node when the constructor's arguments are ready.
class CreateActor final : public Command {
 public:
  CreateActor(Process& process, base::Ref<ActorEntry> actor, ActorOptions options, std::string type,
              base::Ref<Call> call, bool declared)
      : process_(process),
        actor_(std::move(actor)),
        options_(std::move(options)),
        type_(std::move(type)),
        call_(std::move(call)),
        declared_(declared) {}

  void run(base::Ref<Command> self, CallRouter&) override {
    ActorSender& sender = process_.senders().actors;
    if (process_.ownership().dead()) {
      return sender.die_before_start(*actor_, process_.death(), false);
    }
    if (actor_->phase >= ActorPhase::kEnded) return sender.ended_before_start(*actor_);
    if (auto* missing = first_missing()) {
      declare();  // others may hear of the actor before it is made
      sender.waits_for_arguments(*actor_, *call_);
      // This runs again when the argument is ready.
      return process_.completion().add_dependent(*missing, std::move(self));
    }
    if (const auto error = process_.completion().make_ready(*call_)) {
      return sender.die_before_start(*actor_, *error, declared_);
    }
    process_.completion().give_to_node(*call_);
    std::vector<std::byte> arguments(call_->external() != nullptr ? 0 : call_->arguments_size());
    if (!arguments.empty()) call_->write_arguments(arguments.data(), process_.store());
    send(ActorCreate{.actor = actor_->id()}, call_->frame(), arguments);
    sender.created(*actor_, std::move(call_));
  }

 private:
  ObjectEntry* first_missing() const {
    for (const auto& ref : call_->refs()) {
      if (!ref.entry->done()) return ref.entry.get();
    }
    return nullptr;
  }

  void declare() {
    if (declared_) return;
    declared_ = true;
    send(ActorDeclare{.actor = actor_->id()}, {}, {});
  }

  template <class Message>
  void send(const Message& message, const CallFrame& call, std::span<const std::byte> arguments) {
    process_.node().send(message, encode(make_actor_payload(options_, type_, call, arguments)));
  }

  Process& process_;
  base::Ref<ActorEntry> actor_;
  ActorOptions options_;
  std::string type_;
  base::Ref<Call> call_;
  bool declared_;
};

}  // namespace

ActorBuilder::ActorBuilder(const ActorOptions& options, Stub stub, std::string type)
    : options_(options), type_(std::move(type)) {
  check_actor_options(options);
  call_ = std::make_unique<CallBuilder>(constructor_spec(stub));
}

base::Ref<ActorEntry> ActorBuilder::create() {
  Process& process = Process::current("manta::actor()");
  if (process.attachment().local) refuse_environment(options_.env, "ActorOptions");
  auto entry = base::make_ref<ActorEntry>(process.ownership().next_id<ActorId>(),
                                          process.ownership().session());
  process.ownership().actors().add(*entry);
  const bool named = !options_.name.empty();
  if (named) {  // from then on other threads may have it, too
    if (auto other = claim_name(process, entry->id(), options_, type_)) return other;
  }
  {
    const TablesLock lock(process.tables());
    entry->home = Home::kHeld;
    ++entry->node_holds;  // the node counts its maker from the beginning
  }
  process.submit(
      base::make_ref<CreateActor>(process, entry, options_, type_, call_->take(), named));
  return entry;
}

}  // namespace detail

void exit_actor() {
  detail::Executor::of_this_actor("manta::exit_actor() was called outside of an actor's method")
      .request_actor_exit();
  throw detail::ExitActor();
}

}  // namespace manta
