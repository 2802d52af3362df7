#include "actor_handle.h"

#include "../process/process.h"

namespace manta::detail {
namespace {

// Asks something of the actor in the order of submission, and so after its creation.
template <class Ask>
void submit_to(ActorEntry& entry, const char* what, Ask ask) {
  Process& process = Process::current(what);
  process.submit(command_of([&process, actor = base::Ref<ActorEntry>::retain(&entry),
                             ask](const base::Ref<Command>&) { ask(process, *actor); }));
}

void watch_end(Process& process, ActorEntry& entry) { process.senders().actors.watch_end(entry); }

}  // namespace

void kill_actor(ActorEntry& entry) {
  submit_to(entry, "ActorHandle::kill()", [](Process& process, ActorEntry& actor) {
    process.node().send(ActorKill{.actor = actor.id()});
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

}  // namespace manta::detail
