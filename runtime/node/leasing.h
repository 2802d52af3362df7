// Leases at work: brings who wants a worker, the workers there are, and lanes together. Grants as soon as it can,
// starts workers when granted resources wait for one, recalls leases when nothing is free, refuses when no worker
// will start and none is left that could come back.
//
// A worker serves one lease at a time. When its owner dies, the lease lives until the worker has closed the lane (it may
// be in the middle of a call).
// Threads: confined. Errors: refusals are messages to the owner, or go to `refuse_actor`.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "../../base/id.h"
#include "../../scheduler/lease_table.h"
#include "../../scheduler/worker_pool.h"
#include "../wire/error_record.h"
#include "lanes.h"
#include "peers.h"

namespace manta::detail::node {

scheduler::ResourceSet resources_of(double cpus, std::span<const std::byte> items);

class Leasing {
 public:
  struct Callbacks {
    std::function<std::optional<rpc::Slot>()> start_worker;  // nothing: it could not be started
    std::function<std::string()> start_failure;              // why, of the last one
    std::function<void(const std::string&)> warn;            // the user
    std::function<void(ActorId, rpc::Slot)> assign_actor;
    std::function<void(ActorId, ErrorKind, const std::string&)> refuse_actor;
  };
  Leasing(Peers& peers, Lanes& lanes, scheduler::ResourceSet total,
          scheduler::WorkerPoolOptions pool, Callbacks callbacks);

  void want(rpc::Slot owner, const NodeFrame& frame, std::span<const std::byte> payload);
  void want_actor(ActorId actor, const scheduler::ResourceSet& request);
  void withdraw_actor(ActorId actor);
  void give_back(rpc::Slot owner, std::uint64_t lane);
  void blocked(rpc::Slot worker);
  void unblocked(rpc::Slot worker);

  const scheduler::ResourceSet& total() const { return leases_.total(); }
  // Free, or held by an owner for tasks while none runs there: `idle` tells of a worker whether none does.
  scheduler::ResourceSet available(const std::function<bool(rpc::Slot)>& idle) const;

  void worker_ready(rpc::Slot worker);
  void lane_closed(rpc::Slot by, std::uint64_t lane);  // before the lanes forget it
  void process_died(rpc::Slot slot);                   // before the lanes forget it

  void dispatch();  // after events; does nothing when there were none
  bool dispatch_needed() const { return changed_; }
  void tell_surplus(scheduler::Time now);
  std::optional<scheduler::Time> next_surplus() const { return pool_.next_surplus(); }
  std::optional<scheduler::Time> next_retry() const;
  void retry();  // then: the next dispatch() may start a worker

 private:
  struct TaskLease {
    scheduler::LeaseId lease;
    rpc::Slot owner;
    rpc::Slot worker;
  };

  void grant(scheduler::OwnerShape who, rpc::Slot worker);
  void grant_task(scheduler::OwnerShape who, rpc::Slot worker);
  void end_task(std::uint64_t lane);
  bool start_workers();
  void refuse_all(ErrorKind kind, const std::string& why);
  void refuse(scheduler::OwnerShape who, ErrorKind kind, const std::string& why);
  void recall();
  bool stuck() const;
  bool anyone_runs() const;  // in a task, not blocked
  void warn_once();

  Peers& peers_;
  Lanes& lanes_;
  Callbacks callbacks_;
  scheduler::LeaseTable leases_;
  scheduler::WorkerPool pool_;
  std::unordered_map<std::uint64_t, TaskLease> by_lane_;
  std::unordered_map<rpc::Slot, scheduler::LeaseId> by_worker_;
  std::unordered_map<scheduler::OwnerId, ActorId> actors_;  // that wait
  scheduler::OwnerId last_actor_ = scheduler::kFirstActor;
  bool changed_ = true;
  bool warned_ = false;  // that no worker starts
};

}  // namespace manta::detail::node
