#include "actor_entry.h"

#include "open_session.h"

namespace manta::detail {

ActorEntry::ActorEntry(ActorId id, std::uint32_t session)
    : id_(id),
      session_(session),
      ready_(base::make_ref<ObjectEntry>(ready_id(id), session)),
      ended_(base::make_ref<ObjectEntry>(ended_id(id), session)) {
  for (const auto& entry : {ready_, ended_}) {
    entry->mark_seen();  // how an actor ends is told by its calls; nobody must look here
  }
}

ActorEntry::~ActorEntry() {
  const auto session = OpenSession::current_or_null();
  if (session && session->number() == session_) session->last_handle_gone(*this);
}

ActorEntry& checked_actor(const base::Ref<ActorEntry>& entry, const char* what) {
  if (!entry) OpenSession::refuse_empty(what, "handle");
  if (entry->session() != OpenSession::current_number()) {
    OpenSession::refuse_ended(what, "actor", entry->id().hex());
  }
  return *entry;
}

}  // namespace manta::detail
