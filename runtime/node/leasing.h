// Leases at work: it brings together the processes that want a worker, the workers, and the lanes between them. It
// grants as soon as it can, starts workers when granted resources wait for one, recalls leases when nothing is free,
// and refuses when no worker will start and none is left that could come back.
//
// A worker serves one lease at a time. When the owner of a lease dies, the lease lives until the worker has closed the
// lane: the worker may be in the middle of a call.
// Threads: confined. Errors: refusals are messages to the owner, or go to `refuse_actor`.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "../../base/id.h"
#include "../../scheduler/lease_table.h"
#include "../../scheduler/placement.h"
#include "../../scheduler/worker_pool.h"
#include "../wire/error_record.h"
#include "../wire/task_shape.h"
#include "lanes.h"
#include "peers.h"

namespace manta::detail::node {

class Leasing {
 public:
  struct Callbacks {
    // Gives nothing if it failed.
    std::function<std::optional<rpc::Slot>(const scheduler::WorkerKind&)> start_worker;
    std::function<std::string(scheduler::JobNumber)> start_failure;  // why its last start failed
    std::function<void(scheduler::JobNumber, const std::string&)> warn;  // its user
    std::function<void(ActorId, rpc::Slot)> assign_actor;
    std::function<void(ActorId, ErrorKind, const std::string&)> refuse_actor;
  };
  // kAsCpus: libraries of a worker may use as many threads as the lease has CPUs, at least one, so that leases with
  // different numbers do not share a process. kLeftAlone: nobody tells them, and all processes are alike.
  enum class Threads { kAsCpus, kLeftAlone };
  struct NodeSupply {
    scheduler::ResourceSet total;
    scheduler::NodeTraits traits;
  };
  Leasing(Peers& peers, Lanes& lanes, const NodeSupply& supply, Threads threads,
          scheduler::WorkerPoolOptions pool, Callbacks callbacks);

  void on(rpc::Slot owner, const LeaseWant& want, PayloadBytes shape);
  void on(rpc::Slot owner, const LeaseReturn& given);
  void on(rpc::Slot worker, const WorkerBlocked& blocked);
  void on(rpc::Slot worker, const WorkerUnblocked& unblocked);
  void on(rpc::Slot end, const LaneClosed& closed);
  void want_actor(ActorId actor, rpc::Slot creator, double cpus, const TaskShape& shape);
  void withdraw_actor(ActorId actor);

  const scheduler::ResourceSet& total() const { return leases_.total(); }
  // What is free, and what an owner holds for tasks while none runs there. `idle` says of a worker whether none does.
  scheduler::ResourceSet available(const std::function<bool(rpc::Slot)>& idle) const;

  // Why a wish cannot be granted: of `resource` too little is free, and these workers hold all that is not. No
  // holders: nothing is known that stands in its way.
  struct Shortage {
    std::string resource;
    std::vector<rpc::Slot> holders;
  };
  // Of what `owner` wants for `key`, if it has got `granted` leases for that until now.
  Shortage shortage_of(rpc::Slot owner, std::uint32_t key, std::uint64_t granted) const;
  Shortage shortage_of(ActorId actor) const;  // which waits for its process

  // Its wishes end, and it has no others from now on, though what its processes sent may still be read; then, when none
  // of its processes is left.
  void end_job(scheduler::JobNumber job);
  void forget_job(scheduler::JobNumber job) {
    ended_jobs_.erase(job);
    pool_.forget(job);
  }

  void worker_ready(rpc::Slot worker);
  void process_died(rpc::Slot slot);  // before the lanes forget it

  void dispatch();  // after messages and deaths; does nothing if there were none
  bool dispatch_needed() const { return changed_; }
  void tell_surplus(scheduler::Time now);
  // Asks for leases on which nothing has run for some time, if their workers are more than are kept warm. `idle` as
  // above.
  void recall_idle(scheduler::Time now, const std::function<bool(rpc::Slot)>& idle);
  std::optional<scheduler::Time> next_surplus() const { return pool_.next_surplus(); }
  std::optional<scheduler::Time> next_retry()
      const;                         // of failed starts, and of those that the cap holds up
  void retry() { changed_ = true; }  // at that time: the next dispatch() may start a worker

 private:
  struct TaskLease {
    scheduler::LeaseId lease;
    scheduler::SchedulingKey key;
    rpc::Slot owner;
    rpc::Slot worker;
    std::uint64_t begun = 0;  // calls, as recall_idle() has seen it last
    scheduler::Time idle_since = {};
  };

  std::optional<scheduler::OwnerId> owner_of(ActorId actor) const;  // that waits
  Shortage shortage_of(scheduler::OwnerKey who) const;
  std::optional<std::string> misplaced(const TaskShape& shape) const;
  using Turn = scheduler::LeaseTable::Grantable;
  scheduler::WorkerKind kind_of(const Turn& turn) const;
  std::vector<scheduler::WorkerKind> kinds_wanted() const;  // by leases that could be granted
  bool grant_all();
  void grant(const Turn& turn, rpc::Slot worker);
  void grant_task(const Turn& turn, rpc::Slot worker);
  void end_task(std::uint32_t lane);
  bool start_workers();
  void give_up_hopeless();
  void make_room();
  void refuse_all(ErrorKind kind, const std::string& why,
                  const std::function<bool(scheduler::OwnerKey)>& of = {});
  void refuse(scheduler::OwnerKey who, ErrorKind kind, const std::string& why);
  void recall();
  bool stuck() const;
  scheduler::StartedAs started_as(scheduler::OwnerKey who) const;  // the worker that it waits for
  // Some worker (that was started in this way) runs a task and is not blocked.
  bool anyone_runs(const scheduler::StartedAs* as = nullptr) const;
  void tell_of_failures();

  Peers& peers_;
  Lanes& lanes_;
  Callbacks callbacks_;
  const scheduler::NodeTraits traits_;
  scheduler::LeaseTable leases_;
  scheduler::WorkerPool pool_;
  Threads threads_;
  std::unordered_map<std::uint32_t, TaskLease> by_lane_;
  std::unordered_map<rpc::Slot, scheduler::LeaseId> by_worker_;
  std::map<scheduler::OwnerKey, std::uint64_t> granted_;    // leases of tasks, all in all
  std::unordered_map<scheduler::OwnerId, ActorId> actors_;  // those that wait
  scheduler::OwnerId last_actor_ = scheduler::kFirstActor;
  std::set<scheduler::JobNumber> ended_jobs_;
  std::optional<scheduler::Time> relaxes_at_;  // the cap of workers, for which leases wait
  bool changed_ = true;
  std::set<scheduler::JobNumber> warned_;  // that no worker starts
};

}  // namespace manta::detail::node
