// An Ownership is what one process (driver or worker) of a session knows of objects and actors: its end of the object
// store, its link to the node, and the records of what it shares with others. It publishes what leaves the process, and
// adopts what arrives.
//
//   made here: local --publish()--> published        arrived: adopt_object() --> lent | held
//
// Invariants: the homes of entries, and what the node counts in this process's name, change only under the tables lock.
// Threads:    any, unless stated.
// Errors:     none but those named: what finds no room in the store becomes an error value.
#pragma once
#include <atomic>
#include <set>
#include <span>
#include <sys/types.h>
#include <unistd.h>
#include <utility>

#include "../../objectstore/store.h"
#include "../../rpc/control.h"
#include "../launch/entry.h"
#include "entry_table.h"
#include "node_link.h"
#include "number_range.h"
#include "value_codec.h"

namespace manta::detail {

// Tells the node that this process, whose session has ended, reads none of its memory any more: at its end. Only of a
// driver that has joined a node, which lives on.
class Lifeline {
 public:
  explicit Lifeline(base::Fd socket) : socket_(std::move(socket)) {}
  ~Lifeline();
  Lifeline(const Lifeline&) = delete;
  Lifeline& operator=(const Lifeline&) = delete;

 private:
  const base::Fd socket_;  // empty: nobody is told
  const pid_t owner_ = ::getpid();
};

// The mapping of the control memory, as long as somebody needs it.
struct SharedControl final : base::Counted {
  explicit SharedControl(const Attachment& attachment);
  const Lifeline lifeline;  // ends after the mapping
  rpc::Control control;
};

class Ownership {
 public:
  // `session`: see OpenSession::number().
  Ownership(const Attachment& attachment, std::uint32_t session);

  rpc::Control& control() { return shared_control_->control; }
  objectstore::Store& store() { return *store_; }
  NodeLink& node() { return node_; }
  const NodeLink& node() const { return node_; }
  ObjectTable& objects() { return objects_; }
  ActorTable& actors() { return actors_; }
  rpc::Slot slot() const { return slot_; }
  std::uint32_t session() const { return session_; }

  // The session ends: whoever waits gives up. False: it has ended before.
  bool close() { return !closed_.exchange(true); }
  bool closed() const { return closed_.load(); }
  bool dead() const { return node_.dead(); }  // the node is: everything fails

  // Of an object or an actor. A task has the id of its first result.
  template <class Id>
  Id next_id() {
    return {id_prefix_, next_id_.fetch_add(1, std::memory_order_relaxed)};
  }
  ObjectEntryRef make_entry();  // local and pending
  // The next object gets an id from here on; whether this process has made a task among the numbers of `range`.
  std::uint64_t next_number() const { return next_id_.load(std::memory_order_relaxed); }
  bool made_in(const TaskId& task, const NumberRange& range) const {
    return task.hi() == id_prefix_ && range.first <= task.lo() && task.lo() < range.end;
  }

  // ---- under the tables lock
  // Asks the node for the value of an object that was made elsewhere, once.
  void subscribe(ObjectEntry& entry);
  void publish(const serialization::Reference& reference);
  void publish_all(std::span<const serialization::Reference> references);
  // Sends the value of a done object to the node, as Publish or Fulfil.
  template <class Message>
  void send_value(const ObjectEntry& entry);
  ObjectEntryRef adopt_object(const ObjectId& id, Arrival arrival);
  base::Ref<ActorEntry> adopt_actor(const ActorId& id, Arrival arrival);
  // What arrived for the time of a call is kept beyond it: the node counts this process as a holder from now on. Does
  // nothing for what is held already.
  void keep(ObjectEntry& lent);
  void keep(ActorEntry& lent);
  // The block outlives its maker's interest: the node holds it from now on, or, where it was lent to us, whoever lent
  // it is told with the reply that we need it still.
  void give_to_node(objectstore::Block& block);
  void give_to_node(const Value& value);
  bool take_report(std::uint64_t block) { return reported_blocks_.erase(block) != 0; }
  void adopt_kept_blocks(std::span<const std::uint64_t> offsets);  // as give_to_node()

 private:
  void publish_object(ObjectEntry& entry);
  void externalize(std::vector<std::byte>& wire, base::StorageRef& keep);

  const rpc::Slot slot_;
  const std::uint32_t session_;
  const base::Ref<SharedControl> shared_control_;  // arrays that outlive the session keep it too
  NodeLink node_;
  const base::Ref<objectstore::Store> store_;
  ObjectTable objects_;
  ActorTable actors_;
  std::set<std::uint64_t> reported_blocks_;
  const std::uint64_t id_prefix_;
  std::atomic<std::uint64_t> next_id_{1};  // SYNC: none: the numbers need only differ
  // SYNC: none by itself: Process::close() then wakes all that wait, who look at it again.
  std::atomic<bool> closed_{false};
};

}  // namespace manta::detail
