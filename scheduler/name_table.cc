#include "name_table.h"

#include <utility>

namespace manta::scheduler {

const NameTable::Bearer* NameTable::find(const ActorName& name) const {
  const auto entry = names_.find(name);
  return entry == names_.end() ? nullptr : &entry->second;
}

void NameTable::give(const ActorName& name, Bearer bearer) {
  if (const Bearer* const before = find(name)) of_.erase(before->actor);
  remove(bearer.actor);
  of_.insert_or_assign(bearer.actor, name);
  names_.insert_or_assign(name, std::move(bearer));
}

void NameTable::remove(const ActorId& actor) {
  const auto entry = of_.find(actor);
  if (entry == of_.end()) return;
  names_.erase(entry->second);
  of_.erase(entry);
}

}  // namespace manta::scheduler
