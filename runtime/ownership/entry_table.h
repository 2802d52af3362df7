// An EntryTable finds the entry of an object or actor that this process shares with others. Entries of local objects
// are in no table: only refs point to them.
//
//   made here --publish--> added        find_or_adopt(id) -> the entry that there is, or a new one
//
// Invariants: at most one live entry per id and process; an entry removes itself when its last ref goes.
// Threads:    any (a mutex of its own, a leaf: nothing is called under it).
#pragma once
#include <mutex>
#include <unordered_map>
#include <vector>

#include "../../base/counted.h"
#include "actor_entry.h"
#include "object_entry.h"

namespace manta::detail {

// New entries of what was made elsewhere: see Home.
inline ObjectEntryRef lent_entry(const ObjectId& id, std::uint32_t session) {
  return base::make_ref<ObjectEntry>(id, session, Home::kLent);
}
inline base::Ref<ActorEntry> lent_entry(const ActorId& id, std::uint32_t session) {
  return base::make_ref<ActorEntry>(id, session);
}

template <class Id, class Entry>
class EntryTable {
 public:
  void add(Entry& entry) {
    const std::lock_guard lock(mutex_);
    entries_[entry.id()] = &entry;
  }
  void remove(const Entry& entry) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(entry.id());
    if (found != entries_.end() && found->second == &entry) entries_.erase(found);
  }
  base::Ref<Entry> find(const Id& id) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end() || !found->second->try_retain()) return {};
    return base::Ref<Entry>::adopt(found->second);
  }
  base::Ref<Entry> find_or_adopt(const Id& id, std::uint32_t session) {
    const std::lock_guard lock(mutex_);
    auto& slot = entries_[id];
    if (slot != nullptr && slot->try_retain()) return base::Ref<Entry>::adopt(slot);
    auto entry = lent_entry(id, session);
    slot = entry.get();
    return entry;
  }
  std::vector<base::Ref<Entry>> all() {
    std::vector<base::Ref<Entry>> found;
    const std::lock_guard lock(mutex_);
    for (const auto& [id, entry] : entries_) {
      if (entry->try_retain()) found.push_back(base::Ref<Entry>::adopt(entry));
    }
    return found;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<Id, Entry*> entries_;
};

using ObjectTable = EntryTable<ObjectId, ObjectEntry>;
using ActorTable = EntryTable<ActorId, ActorEntry>;

}  // namespace manta::detail
