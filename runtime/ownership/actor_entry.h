// An ActorEntry is one process's record of one actor: what an ActorHandle points to.
//
//   starting --constructor returned--> alive --last handle gone, exit_actor()--> ended
//       |                                |
//       `------constructor threw---------+--kill, crash--> dead (with the error that every call holds)
//
// Invariants: node_holds is how often the node counts this process as a holder.
// Threads:    under the tables lock, but for the count, id(), ready() and ended().
#pragma once
#include <cstdint>

#include "../../base/counted.h"
#include "../../base/id.h"
#include "object_entry.h"

namespace manta::detail {

enum class ActorPhase : std::uint8_t { kStarting, kAlive, kEnded, kDead };

// The ids of the objects that ready() and ended() refer to, and back.
inline ObjectId ready_id(const ActorId& actor) { return {actor.hi(), actor.lo()}; }
inline ObjectId ended_id(const ActorId& actor) { return {actor.hi(), ~actor.lo()}; }
inline ActorId actor_of_ready(const ObjectId& ready) { return {ready.hi(), ready.lo()}; }
inline ActorId actor_of_ended(const ObjectId& ended) { return {ended.hi(), ~ended.lo()}; }

class ActorEntry final : public base::Counted {
 public:
  ActorEntry(ActorId id, std::uint32_t session);
  ~ActorEntry() override;

  const ActorId& id() const { return id_; }
  const ObjectEntryRef& ready() const { return ready_; }  // done when constructed, failed or dead
  const ObjectEntryRef& ended() const { return ended_; }
  std::uint32_t session() const { return session_; }

  Home home = Home::kLent;
  std::uint32_t node_holds = 0;
  ActorPhase phase = ActorPhase::kStarting;
  bool watched = false;  // the node was asked to say how it is
  Value death;           // what calls fail with, when ended or dead

 private:
  const ActorId id_;
  const std::uint32_t session_;
  const ObjectEntryRef ready_;
  const ObjectEntryRef ended_;
};

// Throws InvalidArgument, naming `what`, for an empty handle and for one of another session.
ActorEntry& checked_actor(const base::Ref<ActorEntry>& entry, const char* what);

}  // namespace manta::detail
