// The actors of a node, at work: from the request for a process to the news of the end.
//
// An actor's process is a worker of its own; the constructor's call is kept here until there is one. Every holder is
// told of each change; whoever asks to connect gets a lane, or the end.
// Threads: confined. Errors: as messages: an actor's cause of death is an ActorDied, or what its constructor threw.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "../../scheduler/actor_table.h"
#include "../../scheduler/resources.h"
#include "../wire/error_record.h"
#include "death_report.h"
#include "lanes.h"
#include "peers.h"

namespace manta::detail::node {

class Actors {
 public:
  struct Callbacks {
    std::function<void(ActorId, const scheduler::ResourceSet&)> want_worker;
    std::function<void(ActorId)> withdraw;
    std::function<void(rpc::Slot)> kill_worker;
    std::function<void(rpc::Slot, const std::string& name)> name_worker;
  };
  Actors(Peers& peers, Lanes& lanes, Callbacks callbacks);

  // The actor messages, and hold and release of actors.
  void handle(rpc::Slot from, const NodeFrame& frame, std::span<const std::byte> payload);
  void assign(ActorId id, rpc::Slot worker);
  void refuse(ActorId id, ErrorKind kind, const std::string& why);
  void hold(ActorId id, rpc::Slot whose, std::int64_t count);  // by a published value
  std::optional<rpc::Slot> constructed_at(ActorId id) const;   // nothing: not yet, or not any more
  bool expects_exit(rpc::Slot worker) const;  // of an actor that ends, or was killed
  void process_died(rpc::Slot slot, const DeathReport& death);
  void release_all(rpc::Slot dead);  // when nobody uses its lanes any more: its handles
  // An actor that `dead` made has yet to read its constructor's arguments, which lie in its memory.
  bool needs_arguments_of(rpc::Slot dead) const;

  bool unsettled() const { return !new_.empty(); }
  void begin_sweep();
  void settle();

 private:
  struct Start {
    NodeFrame frame;
    rpc::Slot creator = 0;
    std::vector<std::byte> payload;
    std::string name;
  };

  void create(rpc::Slot from, ActorId id, const NodeFrame& frame,
              std::span<const std::byte> payload);
  void run_steps();
  void refuse_declared_by(rpc::Slot dead, const DeathReport& death);
  void announce(ActorId id, rpc::Slot to);
  void connect(ActorId id, rpc::Slot caller);
  std::string describe(ActorId id) const;

  Peers& peers_;
  Lanes& lanes_;
  Callbacks callbacks_;
  scheduler::ActorTable table_;
  std::unordered_map<ActorId, Start> starts_;  // without payload once its worker has it
  std::unordered_map<rpc::Slot, ActorId> workers_;
  std::vector<ActorId> new_, sweeping_;
};

}  // namespace manta::detail::node
