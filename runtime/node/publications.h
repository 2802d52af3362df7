// The published objects of a node: those whose reference has left the process that made them.
//
//   unknown --publish(pending)--> pending --fulfil()--> done --free()--> done (error "freed")
//      |  \-----publish(value)-----------|------------->-^
//      |                                 \--maker died---^ (error OwnerDied)
//      \--settle()--> done (error "lost")           settle() of what nobody holds --> gone
//
// "unknown": another process's message about the object was read before its Publish, which is on another ring. If the
// object is still unknown after one sweep over all rings, there will be none. A process is told once for each time that
// it subscribed.
//
// Events are calls; what the node must then do is appended to steps(), in order. What a value refers to (blocks, other
// objects, actors) is held by its record: kHoldContents and kReleaseContents, once each.
// Invariants: a done value never changes but by free(); the record of a held object stays.
// Threads: confined. Values are opaque bytes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "../../base/id.h"
#include "../../scheduler/holders.h"

namespace manta::detail::node {

using scheduler::Holders;
using scheduler::ProcessSlot;
using SharedBytes = std::shared_ptr<const std::vector<std::byte>>;

struct PublicationStep {
  enum class Kind { kSendValue, kSendFreed, kHoldContents, kReleaseContents };
  Kind kind;
  ObjectId object;
  ProcessSlot process = 0;  // to which the two sends go
  SharedBytes value = {};
};

class Publications {
 public:
  // The maker holds it once. Null: pending.
  void publish(ObjectId id, ProcessSlot maker, SharedBytes value);
  void fulfil(ObjectId id, SharedBytes value);
  void subscribe(ObjectId id, ProcessSlot process);
  void free(ObjectId id, SharedBytes freed_error);

  void add_holds(ObjectId id, ProcessSlot process, std::int64_t count);  // negative: released
  // The process died: what it was to fulfil becomes `owner_died`, and it is told nothing any more.
  void fail_pending(ProcessSlot process, const SharedBytes& owner_died);
  // No process runs a call of this one any more: its holds are dropped.
  void strike(ProcessSlot process);

  // The objects for which settle() is to be called after a sweep that begins now. Empties the list.
  std::vector<ObjectId> take_unsettled();
  void settle(ObjectId id, const SharedBytes& lost_error);

  std::optional<ProcessSlot> maker_of(ObjectId id) const;  // of a pending object
  bool knows(ObjectId id) const { return records_.contains(id); }
  // Calls `visit(value, holders)` for each object that has a value or an error.
  template <class Visit>
  void each_value(Visit&& visit) const {
    for (const auto& [id, object] : records_) {
      if (object.state == State::kDone) visit(*object.value, object.holders);
    }
  }
  std::size_t size() const { return records_.size(); }
  std::size_t bytes() const { return bytes_; }  // of all values
  std::vector<PublicationStep>& steps() { return steps_; }

 private:
  enum class State : std::uint8_t { kUnknown, kPending, kDone };
  struct Record {
    State state = State::kUnknown;
    bool freed = false;
    ProcessSlot maker = 0;
    Holders holders;
    std::vector<ProcessSlot> subscribers;
    SharedBytes value;
  };

  Record& record(ObjectId id);
  void complete(ObjectId id, Record& record, SharedBytes value);

  std::unordered_map<ObjectId, Record> records_;
  std::size_t bytes_ = 0;
  std::vector<ObjectId> unsettled_;
  std::vector<PublicationStep> steps_;
};

}  // namespace manta::detail::node
