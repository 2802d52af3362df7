#include "object_table.h"

namespace manta::detail {

void ObjectTable::add(ObjectEntry& entry) {
  const std::lock_guard lock(mutex_);
  entries_[entry.id()] = &entry;
}

void ObjectTable::remove(const ObjectEntry& entry) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(entry.id());
  if (found != entries_.end() && found->second == &entry) entries_.erase(found);
}

ObjectEntryRef ObjectTable::find(const ObjectId& id) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || !found->second->try_retain()) return {};
  return ObjectEntryRef::adopt(found->second);
}

ObjectEntryRef ObjectTable::find_or_adopt(const ObjectId& id, std::uint32_t session) {
  const std::lock_guard lock(mutex_);
  auto& slot = entries_[id];
  if (slot != nullptr && slot->try_retain()) return ObjectEntryRef::adopt(slot);
  auto entry = base::make_ref<ObjectEntry>(id);
  entry->home = Home::lent;
  entry->session = session;
  slot = entry.get();
  return entry;
}

std::vector<ObjectEntryRef> ObjectTable::all() {
  std::vector<ObjectEntryRef> found;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, entry] : entries_) {
    if (entry->try_retain()) found.push_back(ObjectEntryRef::adopt(entry));
  }
  return found;
}

std::size_t ObjectTable::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace manta::detail
