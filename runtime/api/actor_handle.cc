#include "actor_handle.h"

#include "../calls/senders.h"
#include "../ownership/open_session.h"
#include "../process/parts.h"
#include "../wire/node_messages.h"

namespace manta::detail {
namespace {

// Asks something of the actor in the order of submission, and so after its creation.
template <class Ask>
void submit_to(ActorEntry& entry, const char* what, Ask ask) {
  OpenSession& session = OpenSession::current(what);
  auto actor = base::Ref<ActorEntry>::retain(&entry);
  parts::submit(session, command_of([&session, ask, actor = std::move(actor)](
                                        const base::Ref<Command>&) { ask(session, *actor); }));
}

void watch_end(OpenSession& session, ActorEntry& entry) {
  parts::senders(session).actors.watch_end(entry);
}

}  // namespace

void kill_actor(ActorEntry& entry) {
  submit_to(entry, "ActorHandle::kill()", [](OpenSession& session, ActorEntry& actor) {
    parts::node(session).send(ActorKill{.actor = actor.id()});
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
