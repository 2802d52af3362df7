// The actors of a node, at work: from the wish for a worker until every holder knows of the end.
//
// An actor has a worker of its own; the constructor's call is kept here until that worker is found. Every holder is
// told of each change; a process that wants to connect gets a lane, or is told of the end.
// Threads: confined. Errors: as messages: an actor's cause of death is an ActorDied, or what its constructor threw.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "../../scheduler/actor_table.h"
#include "../../scheduler/name_table.h"
#include "../wire/actor_names.h"
#include "../wire/error_record.h"
#include "../wire/task_shape.h"
#include "death_report.h"
#include "lanes.h"
#include "peers.h"

namespace manta::detail::node {

class Actors {
 public:
  struct Callbacks {
    std::function<void(ActorId, rpc::Slot creator, double cpus, const TaskShape&)> want_worker;
    std::function<void(ActorId)> withdraw;
    std::function<void(rpc::Slot)> kill_worker;
    std::function<void(rpc::Slot, const std::string& name)> name_worker;
  };
  Actors(Peers& peers, Lanes& lanes, Callbacks callbacks);

  void on(rpc::Slot from, const ActorDeclare& declare, PayloadBytes payload);
  void on(rpc::Slot from, const ActorCreate& create, PayloadBytes payload);
  void on(rpc::Slot from, const NameClaim& claim, PayloadBytes payload);
  void on(rpc::Slot from, const NameAsk& question, PayloadBytes payload);
  void on(rpc::Slot from, const ActorConnect& connect);
  void on(rpc::Slot from, const ActorWatch& watch);
  void on(rpc::Slot from, const ActorKill& kill);
  void on(rpc::Slot from, const ActorAlive& alive);
  void on(rpc::Slot from, const ActorFailed& failed, PayloadBytes error);
  void on(rpc::Slot from, const ActorExiting& exiting);
  void on(rpc::Slot from, const HoldActor& hold);
  void on(rpc::Slot from, const ReleaseActor& release);
  void assign(ActorId id, rpc::Slot worker);
  void refuse(ActorId id, ErrorKind kind, const std::string& why);
  void hold(ActorId id, rpc::Slot whose, std::int64_t count);  // for a handle in a published value
  std::optional<rpc::Slot> constructed_at(ActorId id) const;   // until it is alive
  std::size_t size() const { return table_.size(); }  // also dead ones to which there are handles
  bool has_actor(rpc::Slot worker) const { return workers_.contains(worker); }
  bool expects_exit(rpc::Slot worker) const;  // its actor ends, or was killed
  void process_died(rpc::Slot slot, const DeathReport& death);
  void release_all(rpc::Slot dead);  // drops its handles: no process uses its lanes any more
  // Whether an actor that `dead` made has yet to read its constructor's arguments, which lie in the memory of `dead`.
  bool needs_arguments_of(rpc::Slot dead) const;
  // Ends the actor of that worker, if it has one: calls fail with ActorDied and this text.
  bool end_at(rpc::Slot worker, const std::string& why);
  bool any_detached(
      scheduler::JobNumber job) const;  // that lives, of those which its processes have made

  bool unsettled() const { return !new_.empty() || !put_off_.empty(); }
  void begin_sweep();
  void settle();

 private:
  struct Start {
    bool declared_only = false;
    rpc::Slot creator = 0;
    std::vector<std::byte> payload = {};
    std::string name = {};
    bool detached = false;
    scheduler::JobNumber job = 0;  // the creator's
  };
  struct Asked {  // by a NameClaim, or, without an actor, by a NameAsk
    rpc::Slot from = 0;
    std::uint64_t number = 0;
    ActorId actor = {};
    NameQuestion question = {};
  };

  // Notes what is to be started. True: it was not known, or only declared.
  bool note_start(ActorId id, Start start);
  void run_steps();
  void refuse_declared_by(rpc::Slot dead, const DeathReport& death);
  void announce(ActorId id, rpc::Slot to);
  void connect(ActorId id, rpc::Slot caller);
  std::string describe(ActorId id) const;
  void answer(Asked asked);
  void answer_put_off();

  Peers& peers_;
  Lanes& lanes_;
  Callbacks callbacks_;
  scheduler::ActorTable table_;
  std::unordered_map<ActorId, Start> starts_;  // without the payload once the worker has that
  std::unordered_map<rpc::Slot, ActorId> workers_;
  std::vector<ActorId> new_, sweeping_;
  scheduler::NameTable names_;
  std::vector<Asked> put_off_;
};

}  // namespace manta::detail::node
