#include "name_table.h"

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

std::vector<std::pair<std::string, ActorId>> NameTable::in(const std::string& name_space,
                                                           const std::string& after) const {
  std::vector<std::pair<std::string, ActorId>> names;
  for (auto entry = names_.upper_bound({name_space, after});  // no name is empty
       entry != names_.end() && entry->first.name_space == name_space; ++entry) {
    names.emplace_back(entry->first.name, entry->second.actor);
  }
  return names;
}

}  // namespace manta::scheduler
