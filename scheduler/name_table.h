// Which actor has which name, in name spaces. Whether an actor lives is not known here: who asks looks.
//
// Invariant: an actor has at most one name, and a name at most one actor. Threads: confined. No I/O, no clock.
#pragma once
#include <map>
#include <string>
#include <unordered_map>

#include "../base/id.h"

namespace manta::scheduler {

struct ActorName {
  std::string name_space, name;
  auto operator<=>(const ActorName&) const = default;
};

class NameTable {
 public:
  struct Bearer {
    ActorId actor;
    std::string type;  // its class
  };

  const Bearer* find(const ActorName& name) const;  // null: it is free
  // Takes the name from who has had it.
  void give(const ActorName& name, Bearer bearer);
  void remove(const ActorId& actor);  // which may have none
  // visit(name, actor) for those of one name space behind `after`, in their order, as long as it gives true.
  template <class Visit>
  void visit(const std::string& name_space, const std::string& after, Visit&& visit) const {
    auto entry = names_.upper_bound({name_space, after});  // no name is empty
    while (entry != names_.end() && entry->first.name_space == name_space &&
           visit(entry->first.name, entry->second.actor)) {
      ++entry;
    }
  }
  std::size_t size() const { return names_.size(); }

 private:
  std::map<ActorName, Bearer> names_;
  std::unordered_map<ActorId, ActorName> of_;
};

}  // namespace manta::scheduler
