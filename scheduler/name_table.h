// Which actor has which name, in name spaces. Whether an actor lives is not known here: who asks looks.
//
// Invariant: an actor has at most one name, and a name at most one actor. Threads: confined. No I/O, no clock.
#pragma once
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

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
  // Of one name space, sorted; those behind `after`, if that is not empty.
  std::vector<std::pair<std::string, ActorId>> in(const std::string& name_space,
                                                  const std::string& after = {}) const;
  std::size_t size() const { return names_.size(); }

 private:
  std::map<ActorName, Bearer> names_;
  std::unordered_map<ActorId, ActorName> of_;
};

}  // namespace manta::scheduler
