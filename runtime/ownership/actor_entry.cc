#include "actor_entry.h"

#include "../../base/error.h"
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
  if (!entry) {
    throw InvalidArgument(
        std::string(what) +
        ": the handle is empty: it was made by its default constructor, or moved from");
  }
  if (entry->session() != OpenSession::current_number()) {
    OpenSession::refuse_if_forked(what);
    throw InvalidArgument(std::string(what) + ": the session of actor " + entry->id().hex() +
                          " has ended; its actors went with it");
  }
  return *entry;
}

}  // namespace manta::detail
