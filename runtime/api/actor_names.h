// Actors by their names: ActorOptions::name in a name space, which every session has one of (InitOptions::name_space).
//
//   auto cache = manta::actor<Cache>({.name = "cache", .get_if_exists = true}, size);
//   auto same = manta::get_actor<Cache>("cache");      in any process of the session, or of the node's sessions
//
// A name is taken from actor() on, and free again when its actor ends: after its last handle, a kill, or a crash.
// Errors:  NotFound; InvalidArgument for an actor of another class, which names both; NodeDied. Threads: any.
#pragma once
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

#include "../code/code_id.h"
#include "actor_handle.h"

namespace manta {

namespace detail {

class OpenSession;

base::Ref<ActorEntry> find_actor(std::string_view name, std::string_view name_space,
                                 const std::string& type);
// The name becomes that of actor `id`, which is declared by that; or gives the actor that has it, with get_if_exists.
// Throws AlreadyExists.
base::Ref<ActorEntry> claim_name(OpenSession& session, const ActorId& id,
                                 const ActorOptions& options, const std::string& type);

}  // namespace detail

// A handle of the actor of class T that has this name; without a name space, in the session's own. The actor lives as
// long as any handle, this one, too. Errors: NotFound; InvalidArgument if the actor's class is not T.
template <class T>
ActorHandle<T> get_actor(std::string_view name, std::string_view name_space = {}) {
  return detail::HandleAccess::make<T>(
      detail::find_actor(name, name_space, detail::demangled(typeid(T).name())));
}

// The names of the actors that live in a name space, the session's own without one; sorted.
std::vector<std::string> list_actors(std::string_view name_space = {});

}  // namespace manta
