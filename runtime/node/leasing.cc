// First what processes and actors want and give back; then dispatch(), which follows after each round of messages, and
// its parts in the order in which it calls them: start_workers(), grant(), refuse(), recall().
#include "leasing.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace manta::detail::node {

using scheduler::LeaseTable;
using scheduler::OwnerKey;
using scheduler::ResourceSet;

namespace {

constexpr double kNextToNothing = 0.05;  // CPUs: a task that wants less takes a task slot
constexpr double kMostThreads = 1 << 20;
constexpr std::size_t kMostReason = 32 * 1024;
constexpr const char* kJobEnded = "its job has ended";
constexpr std::size_t kAtATime = 64;  // grants that are looked at together
constexpr std::chrono::seconds kIdle(2);

scheduler::Time now() { return std::chrono::steady_clock::now(); }

LeaseTable::Request request_of(double cpus, const TaskShape& shape, scheduler::JobNumber job) {
  ResourceSet set = ResourceSet::cpus(cpus);
  for (const auto& [name, amount] : shape.resources) set.set(name, amount);
  return {std::move(set), shape.env, job};
}

}  // namespace

scheduler::WorkerKind Leasing::kind_of(const Turn& turn) const {
  const LeaseTable::Request& request = leases_.request_of(turn.who);
  scheduler::WorkerKind kind{
      .environment = request.environment, .gpus = turn.gpus, .job = request.job};
  if (threads_ == Threads::kAsCpus) {
    const double cpus = request.resources.amount(scheduler::kCpu);
    kind.threads = static_cast<scheduler::ThreadCount>(std::clamp(cpus, 1.0, kMostThreads));
  }
  return kind;
}

std::vector<scheduler::WorkerKind> Leasing::kinds_wanted() const {
  std::vector<scheduler::WorkerKind> kinds;
  for (const Turn& turn : leases_.grantable(kAtATime)) kinds.push_back(kind_of(turn));
  return kinds;
}

// Nothing, unless a worker would be started then: what is wanted later comes with a dispatch() of its own.
std::optional<scheduler::Time> Leasing::next_retry() const {
  const auto kinds = kinds_wanted();
  const auto retry = pool_.next_retry(kinds);
  if (!retry || pool_.to_start(kinds, *retry).empty()) return relaxes_at_;
  return relaxes_at_ ? std::min(*retry, *relaxes_at_) : retry;
}

Leasing::Leasing(Peers& peers, Lanes& lanes, const NodeSupply& supply, Threads threads,
                 scheduler::WorkerPoolOptions pool, Callbacks callbacks)
    : peers_(peers),
      lanes_(lanes),
      callbacks_(std::move(callbacks)),
      traits_(supply.traits),
      leases_(supply.total),
      pool_(pool),
      threads_(threads) {}

// Why such a request may not run here.
std::optional<std::string> Leasing::misplaced(const TaskShape& shape) const {
  const auto found = scheduler::candidates(
      {.selector = shape.labels, .node = shape.node, .soft = shape.soft}, {&traits_, 1});
  return found.nodes.empty() ? std::optional(found.why) : std::nullopt;
}

void Leasing::on(rpc::Slot owner, const LeaseWant& want, PayloadBytes payload) {
  const auto shape = decode_shape(payload);
  if (!shape || ended_jobs_.contains(peers_.job(owner))) return;
  LeaseTable::Request request = request_of(want.cpus, *shape, peers_.job(owner));
  if (want.cpus < kNextToNothing) request.resources.set(scheduler::kTaskSlot, 1);
  const OwnerKey who{.owner = owner, .key = want.key};
  const auto more =
      want.more == LeaseWant::More::kYes ? LeaseTable::More::kYes : LeaseTable::More::kNo;
  auto refusal = misplaced(*shape);
  if (!refusal) refusal = leases_.want(who, want.wanted, request, more);
  if (refusal) refuse(who, ErrorKind::kUnschedulable, *refusal);
  changed_ = true;
}

void Leasing::want_actor(ActorId actor, rpc::Slot creator, double cpus, const TaskShape& shape) {
  if (ended_jobs_.contains(peers_.job(creator))) {
    callbacks_.refuse_actor(actor, ErrorKind::kActorDied, kJobEnded);
    return;
  }
  const OwnerKey who{.owner = last_actor_++, .key = 0};
  auto refusal = misplaced(shape);
  if (!refusal) refusal = leases_.want(who, 1, request_of(cpus, shape, peers_.job(creator)));
  if (refusal) {
    callbacks_.refuse_actor(actor, ErrorKind::kUnschedulable, *refusal);
    return;
  }
  actors_[who.owner] = actor;
  changed_ = true;
}

std::optional<scheduler::OwnerId> Leasing::owner_of(ActorId actor) const {
  const auto entry =
      std::ranges::find_if(actors_, [&](const auto& item) { return item.second == actor; });
  return entry == actors_.end() ? std::nullopt : std::optional(entry->first);
}

void Leasing::withdraw_actor(ActorId actor) {
  const auto owner = owner_of(actor);
  if (!owner) return;
  leases_.forget(*owner);
  actors_.erase(*owner);
  changed_ = true;
}

void Leasing::on(rpc::Slot owner, const LeaseReturn& given) {
  const auto entry = by_lane_.find(given.lane);
  if (entry != by_lane_.end() && entry->second.owner == owner) end_task(given.lane);
  // Also when the worker has died meanwhile: its end may wait for this one.
  lanes_.close(given.lane, owner);
}

void Leasing::end_task(std::uint32_t lane) {
  const auto entry = by_lane_.find(lane);
  if (entry == by_lane_.end()) return;
  const TaskLease lease = entry->second;
  by_lane_.erase(entry);
  by_worker_.erase(lease.worker);
  leases_.end(lease.lease);
  pool_.give_back(lease.worker, now());
  changed_ = true;
}

void Leasing::on(rpc::Slot worker, const WorkerBlocked&) {
  const auto lease = by_worker_.find(worker);
  if (lease != by_worker_.end()) leases_.blocked(lease->second);
  changed_ = true;
}

void Leasing::on(rpc::Slot worker, const WorkerUnblocked&) {
  const auto lease = by_worker_.find(worker);
  if (lease != by_worker_.end()) leases_.unblocked(lease->second);
  if (leases_.waiting() != 0) changed_ = true;  // it may be recalled again
}

ResourceSet Leasing::available(const std::function<bool(rpc::Slot)>& idle) const {
  ResourceSet available = leases_.free();
  for (const auto& [lane, lease] : by_lane_) {
    if (idle(lease.worker)) available.add(leases_.taken(lease.lease));
  }
  return available;
}

Leasing::Shortage Leasing::shortage_of(rpc::Slot owner, std::uint32_t key,
                                       std::uint64_t granted) const {
  const OwnerKey who{.owner = owner, .key = key};
  const auto count = granted_.find(who);
  if ((count == granted_.end() ? 0 : count->second) != granted) return {};
  return shortage_of(who);
}

Leasing::Shortage Leasing::shortage_of(ActorId actor) const {
  const auto owner = owner_of(actor);
  return owner ? shortage_of(OwnerKey{.owner = *owner, .key = 0}) : Shortage();
}

Leasing::Shortage Leasing::shortage_of(OwnerKey who) const {
  Shortage shortage{.resource = leases_.shortage_of(who), .holders = {}};
  if (shortage.resource.empty()) return shortage;
  for (const auto& [worker, lease] : by_worker_) {
    if (leases_.taken(lease).amount(shortage.resource) > 0) shortage.holders.push_back(worker);
  }
  return shortage;
}

void Leasing::end_job(scheduler::JobNumber job) {
  ended_jobs_.insert(job);
  refuse_all(ErrorKind::kActorDied, kJobEnded,
             [&](OwnerKey who) { return leases_.request_of(who).job == job; });
  changed_ = true;
}

void Leasing::worker_ready(rpc::Slot worker) {
  pool_.ready(worker, now());
  changed_ = true;
}

void Leasing::on(rpc::Slot end, const LaneClosed& closed) {
  const auto entry = by_lane_.find(closed.lane);
  if (entry != by_lane_.end() && (entry->second.worker == end || entry->second.owner == end)) {
    end_task(closed.lane);
  }
  lanes_.close(closed.lane, end);
}

void Leasing::process_died(rpc::Slot slot) {
  leases_.forget(slot);
  granted_.erase(granted_.lower_bound({.owner = slot, .key = 0}),
                 granted_.lower_bound({.owner = scheduler::OwnerId{slot} + 1, .key = 0}));
  if (const auto lease = by_worker_.find(slot); lease != by_worker_.end()) {
    leases_.end(lease->second);
    std::erase_if(by_lane_, [&](const auto& item) { return item.second.worker == slot; });
    by_worker_.erase(lease);
  }
  pool_.gone(slot, now());
  changed_ = true;
}

void Leasing::dispatch() {
  if (!std::exchange(changed_, false)) return;
  while (grant_all()) {
  }
  relaxes_at_ = pool_.relax(kinds_wanted(), now(), !anyone_runs());
  while (start_workers()) {
  }
  make_room();
  give_up_hopeless();
  tell_of_failures();
  if (stuck()) {
    refuse_all(ErrorKind::kUnschedulable, "all " + std::to_string(pool_.size()) +
                                              " workers of the node wait inside get() for tasks "
                                              "that wait for a worker: that is the limit");
  }
  recall();
}

// Each in its turn, if there is a worker for it: those that wait for one to start keep nobody behind them from another
// worker. True: there may be more.
bool Leasing::grant_all() {
  const std::vector<Turn> turns = leases_.grantable(kAtATime);
  bool any = false;
  for (const Turn& turn : turns) {
    if (!leases_.waits(turn.who)) continue;  // it was refused since
    const auto worker = pool_.take(kind_of(turn));
    if (!worker) continue;
    grant(turn, static_cast<rpc::Slot>(*worker));
    any = true;
  }
  return any && turns.size() == kAtATime;
}

// At the limit of processes workers that nobody wants make room for those of another kind.
void Leasing::make_room() {
  if (!pool_.at_limit() || leases_.waiting() == 0) return;
  const auto busy = [this](scheduler::WorkerId worker) { return leases_.has_business(worker); };
  for (const scheduler::WorkerId worker : pool_.make_room(kinds_wanted(), busy)) {
    peers_.send(static_cast<rpc::Slot>(worker), ExitNow{});
  }
}

void Leasing::give_up_hopeless() {
  if (leases_.waiting() == 0) return;
  std::vector<scheduler::StartedAs> hopeless;
  for (const Turn& turn : leases_.grantable(kAtATime)) {
    const scheduler::StartedAs as = started_as(turn.who);
    const bool known = std::ranges::find(hopeless, as) != hopeless.end();
    if (!known && pool_.hopeless(as, anyone_runs(&as))) hopeless.push_back(as);
  }
  for (const scheduler::StartedAs& as : hopeless) {
    refuse_all(ErrorKind::kWorkerStartFailed, callbacks_.start_failure(as.job),
               [&](OwnerKey who) { return started_as(who) == as; });
    pool_.forgive(as);
  }
}

scheduler::StartedAs Leasing::started_as(OwnerKey who) const {
  const LeaseTable::Request& request = leases_.request_of(who);
  return {request.environment, request.job};
}

bool Leasing::anyone_runs(const scheduler::StartedAs* as) const {
  return std::ranges::any_of(by_lane_, [&](const auto& item) {
    const TaskLease& task = item.second;
    const OwnerKey who{.owner = task.owner, .key = task.key};
    return !leases_.lends(task.lease) && (as == nullptr || started_as(who) == *as);
  });
}

// Each job once, until its workers start again.
void Leasing::tell_of_failures() {
  const std::set<scheduler::JobNumber> failing = pool_.failing_jobs();
  std::erase_if(warned_, [&](scheduler::JobNumber job) { return !failing.contains(job); });
  if (leases_.waiting() == 0) return;
  for (const scheduler::JobNumber job : failing) {
    if (!warned_.insert(job).second) continue;
    callbacks_.warn(job, "no more workers can be started for now; calls wait for the " +
                             std::to_string(pool_.working()) +
                             " that work: " + callbacks_.start_failure(job));
  }
}

// Starts as many as the pool wants now. True: one failed, after which the pool may want another one.
bool Leasing::start_workers() {
  for (const scheduler::WorkerKind& kind : pool_.to_start(kinds_wanted(), now())) {
    if (const std::optional<rpc::Slot> slot = callbacks_.start_worker(kind)) {
      pool_.started(*slot, kind);
    } else {
      pool_.start_failed(kind.started_as(), now());
      return true;
    }
  }
  return false;
}

bool Leasing::stuck() const {
  const bool anybody_waits = leases_.waiting() > 0 || leases_.anybody_has_more();
  return pool_.at_limit() && anybody_waits && pool_.idle() == 0 && pool_.starting() == 0 &&
         leases_.running() == 0;
}

void Leasing::grant(const Turn& turn, rpc::Slot worker) {
  if (turn.who.owner < scheduler::kFirstActor) {
    grant_task(turn, worker);
    return;
  }
  by_worker_[worker] = leases_.grant(turn);
  pool_.dedicate(worker);
  const auto entry = actors_.find(turn.who.owner);
  const ActorId actor = entry->second;
  actors_.erase(entry);
  callbacks_.assign_actor(actor, worker);
}

void Leasing::grant_task(const Turn& turn, rpc::Slot worker) {
  const OwnerKey who = turn.who;
  const auto owner = static_cast<rpc::Slot>(who.owner);
  const scheduler::LeaseId lease = leases_.grant(turn);
  const std::optional<std::uint32_t> lane = lanes_.open(owner, worker, LaneKind::kTask);
  if (!lane) {
    leases_.end(lease);
    pool_.give_back(worker, now());
    refuse(who, ErrorKind::kUnschedulable, "all lanes of the node are in use");
    leases_.want(who, 0, {});
    return;
  }
  by_lane_[*lane] = {.lease = lease, .key = who.key, .owner = owner, .worker = worker};
  by_worker_[worker] = lease;
  ++granted_[who];
  peers_.send(owner, LeaseGrant{.key = who.key, .lane = *lane, .worker = worker});
}

void Leasing::refuse_all(ErrorKind kind, const std::string& why,
                         const std::function<bool(OwnerKey)>& of) {
  for (const OwnerKey& who : leases_.refuse_waiting(of)) refuse(who, kind, why);
}

void Leasing::refuse(OwnerKey who, ErrorKind kind, const std::string& why) {
  if (who.owner >= scheduler::kFirstActor) {
    const auto entry = actors_.find(who.owner);
    if (entry == actors_.end()) return;
    const ActorId actor = entry->second;
    actors_.erase(entry);
    callbacks_.refuse_actor(actor, kind, why);
    return;
  }
  peers_.send(static_cast<rpc::Slot>(who.owner), LeaseRefused{.key = who.key, .kind = kind},
              std::string_view(why).substr(0, kMostReason));
}

void Leasing::recall() {
  if (leases_.waiting() == 0) return;
  const auto shortage = pool_.at_limit() || pool_.failing() ? LeaseTable::Shortage::kWorkers
                                                            : LeaseTable::Shortage::kResources;
  for (const OwnerKey& who : leases_.recalls(shortage)) {
    peers_.send(static_cast<rpc::Slot>(who.owner), LeaseRecall{.key = who.key});
  }
}

void Leasing::tell_surplus(scheduler::Time time) {
  // A worker that waits for tasks that it has submitted would take them along.
  const auto busy = [this](scheduler::WorkerId worker) { return leases_.has_business(worker); };
  for (const scheduler::WorkerId worker : pool_.surplus(time, busy)) {
    peers_.send(static_cast<rpc::Slot>(worker), ExitNow{});
  }
}

void Leasing::recall_idle(scheduler::Time time, const std::function<bool(rpc::Slot)>& idle) {
  std::size_t plain = pool_.plain_surplus();
  for (auto& [lane, task] : by_lane_) {
    const std::uint64_t begun = lanes_.started(lane);
    if (begun != task.begun || !idle(task.worker) || leases_.lends(task.lease)) {
      task.begun = begun;
      task.idle_since = time;
    } else if (time - task.idle_since >= kIdle) {
      if (pool_.is_plain(task.worker)) {
        if (plain == 0) continue;
        --plain;
      }
      task.idle_since = time;
      peers_.send(task.owner, LeaseRecall{.key = task.key});
    }
  }
}

}  // namespace manta::detail::node
