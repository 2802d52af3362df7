// The ObjectTable finds the entry of an object that this process shares with others. Entries of local objects are in
// no table: only refs point to them.
//
//   make() -> local --publish--> published        find_or_adopt(id) -> lent | held
//
// Invariants: at most one live entry per id and process; an entry removes itself when its last ref goes.
// Threads:    any (a mutex of its own, a leaf: nothing is called under it).
#pragma once
#include <mutex>
#include <unordered_map>
#include <vector>

#include "../../base/id.h"
#include "object_entry.h"

namespace manta::detail {

class ObjectTable {
 public:
  void add(ObjectEntry& entry);
  void remove(const ObjectEntry& entry);
  ObjectEntryRef find(const ObjectId& id);
  // The entry of `id`; a new one has home `lent` and is pending.
  ObjectEntryRef find_or_adopt(const ObjectId& id, std::uint32_t session);
  std::vector<ObjectEntryRef> all();
  std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<ObjectId, ObjectEntry*> entries_;
};

}  // namespace manta::detail
