// In this order: wishes and grants; turns(), which plays the grants through to count and to find who would still wait;
// a lease's life; and recalls, which take leases from owners that have more than others.
#include "lease_table.h"

#include <algorithm>
#include <utility>

#include "../base/check.h"

namespace manta::scheduler {
namespace {

// What a blocked task does not need: memory and devices it keeps.
ResourceSet lendable(const ResourceSet& request) {
  ResourceSet part = request.only(kCpu);
  part.add(request.only(kTaskSlot));
  return part;
}

std::string refusal(const ResourceSet& total, const ResourceSet& request) {
  const std::string name = total.shortest(request);
  return "no node can ever satisfy the request (" + request.text() + "): of " + name + " " +
         amount_text(name, request.amount(name)) + " is asked for, the node has " +
         amount_text(name, total.amount(name));
}

// What it keeps while it lends the rest.
ResourceSet kept(const ResourceSet& request) {
  ResourceSet part = request;
  part.subtract(lendable(request));
  return part;
}

}  // namespace

LeaseTable::LeaseTable(const ResourceSet& total) : total_(total), free_(total), reachable_(total) {}

std::optional<std::string> LeaseTable::want(OwnerKey who, std::uint64_t count,
                                            const Request& request, More more) {
  const bool nothing = count == 0 && more == More::kNo;
  if (!nothing && !total_.fits(request.resources)) return refusal(total_, request.resources);
  if (nothing && !demands_.contains(who)) return std::nullopt;
  Demand& demand = demands_.try_emplace(who, Demand{.request = request}).first->second;
  if (demand.wanted == 0 && count != 0) queue_.push_back(who);
  if (demand.wanted != 0 && count == 0) std::erase(queue_, who);
  demand.wanted = count;
  set_more(who, demand, more == More::kYes);
  drop_if_unused(who);
  return std::nullopt;
}

void LeaseTable::set_more(OwnerKey who, Demand& demand, bool more) {
  if (demand.more == more) return;
  demand.more = more;
  if (more) {
    more_.push_back(who);
  } else {
    std::erase(more_, who);
  }
}

bool LeaseTable::waits(OwnerKey who) const {
  const auto demand = demands_.find(who);
  return demand != demands_.end() && (demand->second.wanted > 0 || demand->second.more);
}

LeaseId LeaseTable::grant(const Grantable& turn) {
  const OwnerKey who = turn.who;
  Demand& demand = demands_.at(who);
  base::check(demand.wanted > 0 || demand.more,
              "a lease is granted to an owner that waits for one");
  free_.take(demand.request.resources, turn.gpus);
  ++demand.held;
  ++held_[who.owner];
  if (demand.wanted > 0) {
    std::erase(queue_, who);
    if (--demand.wanted > 0) queue_.push_back(who);
  } else {
    set_more(who, demand, false);
  }
  const auto lease = leases_.emplace(++last_lease_, Lease{.who = who, .gpus = turn.gpus}).first;
  count_running(lease->second, 1);
  return last_lease_;
}

// Those that want something, a queue for each job.
class LeaseTable::Queues {
 public:
  explicit Queues(const LeaseTable& table) : table_(table) {}

  void add(OwnerKey who, std::uint64_t wanted) {
    const JobNumber job = table_.demands_.at(who).request.job;
    const auto queue = jobs_.try_emplace(job, Job{.runs = table_.share_of(job).runs}).first;
    queue->second.waiting.push_back({.who = who, .wanted = wanted, .number = ++added_});
    ++size_;
  }
  bool empty() const { return size_ == 0; }

  // The next one: of the job that runs the fewest tasks, of those the one that was added first.
  std::pair<OwnerKey, std::uint64_t> take() {
    Job* next = nullptr;
    for (auto& [number, job] : jobs_) {
      if (job.waiting.empty()) continue;
      const bool sooner =
          next == nullptr || job.runs < next->runs ||
          (job.runs == next->runs && job.waiting.front().number < next->waiting.front().number);
      if (sooner) next = &job;
    }
    base::check(next != nullptr, "some job's queue is not empty");
    const Waiting first = next->waiting.front();
    next->waiting.pop_front();
    --size_;
    return {first.who, first.wanted};
  }
  void count_grant(OwnerKey who) { ++jobs_.at(table_.demands_.at(who).request.job).runs; }

 private:
  struct Waiting {
    OwnerKey who;
    std::uint64_t wanted = 0;
    std::uint64_t number = 0;
  };
  struct Job {
    std::uint64_t runs = 0;
    std::deque<Waiting> waiting = {};
  };

  const LeaseTable& table_;
  std::map<JobNumber, Job> jobs_;
  std::size_t size_ = 0;
  std::uint64_t added_ = 0;
};

// Plays grant() through without granting: gives those that would still wait then. Those that want something come first.
// What a request that does not fit needs is kept for it, and nobody behind it may have that; unless it waits for what
// blocked tasks keep, since these may wait for one behind it.
std::vector<LeaseTable::Turn> LeaseTable::turns(std::size_t limit,
                                                std::vector<Grantable>& fitting) const {
  std::vector<Turn> waiters;
  Queues queue(*this);
  for (const OwnerKey& who : queue_) queue.add(who, demands_.at(who).wanted);
  Supply left = free_;
  fitting.clear();
  while (!queue.empty() && fitting.size() < limit) {
    auto [who, wanted] = queue.take();
    const ResourceSet& request = demands_.at(who).request.resources;
    if (left.fits(request)) {
      fitting.push_back({.who = who, .gpus = left.take(request)});
      queue.count_grant(who);
      if (--wanted > 0) queue.add(who, wanted);
    } else {
      if (reachable_.fits(request)) left.take(request);
      waiters.push_back({.who = who, .waits = wanted});
    }
  }
  for (const OwnerKey& who : more_) {
    const ResourceSet& request = demands_.at(who).request.resources;
    if (fitting.size() == limit || !left.fits(request)) continue;
    fitting.push_back({.who = who, .gpus = left.take(request)});
  }
  return waiters;
}

std::vector<LeaseTable::Grantable> LeaseTable::grantable(std::size_t limit) const {
  std::vector<Grantable> fitting;
  turns(limit, fitting);
  return fitting;
}

void LeaseTable::lend(Lease& lease) {
  Demand& demand = demands_.at(lease.who);
  free_.give_back(lendable(demand.request.resources), {});
  reachable_.take(kept(demand.request.resources), lease.gpus);
  count_running(lease, -1);
  lease.lends = true;
  ++demand.lending;
  ++lending_;
}

void LeaseTable::take_back(Lease& lease) {
  Demand& demand = demands_.at(lease.who);
  free_.take(lendable(demand.request.resources), {});
  reachable_.give_back(kept(demand.request.resources), lease.gpus);
  lease.lends = false;
  count_running(lease, 1);
  --demand.lending;
  --lending_;
}

ResourceSet LeaseTable::taken(LeaseId id) const {
  const auto lease = leases_.find(id);
  if (lease == leases_.end()) return {};
  const ResourceSet& request = demands_.at(lease->second.who).request.resources;
  return lease->second.lends ? kept(request) : request;
}

std::string LeaseTable::shortage_of(OwnerKey who) const {
  if (!waits(who)) return {};
  return free_.shortest(kept(demands_.at(who).request.resources));
}

void LeaseTable::blocked(LeaseId id) {
  const auto lease = leases_.find(id);
  if (lease != leases_.end() && !lease->second.lends) lend(lease->second);
}

void LeaseTable::unblocked(LeaseId id) {
  const auto lease = leases_.find(id);
  if (lease != leases_.end() && lease->second.lends) take_back(lease->second);
}

void LeaseTable::end(LeaseId id) {
  const auto lease = leases_.find(id);
  if (lease == leases_.end()) return;
  if (lease->second.lends) take_back(lease->second);
  count_running(lease->second, -1);
  const OwnerKey who = lease->second.who;
  Demand& demand = demands_.at(who);
  free_.give_back(demand.request.resources, lease->second.gpus);
  leases_.erase(lease);
  --demand.held;
  if (demand.recalled > 0) {
    --demand.recalled;
    count(demand.request.job, 0, -1);
  }
  if (--held_.at(who.owner) == 0) held_.erase(who.owner);
  drop_if_unused(who);
}

// A demand with leases stays until the last of them ends.
void LeaseTable::forget(OwnerId owner) {
  std::erase_if(queue_, [&](const OwnerKey& who) { return who.owner == owner; });
  std::erase_if(more_, [&](const OwnerKey& who) { return who.owner == owner; });
  const auto first = demands_.lower_bound({.owner = owner, .key = 0});
  for (auto entry = first; entry != demands_.end() && entry->first.owner == owner;) {
    entry->second.wanted = 0;
    entry->second.more = false;
    entry = entry->second.held == 0 ? demands_.erase(entry) : std::next(entry);
  }
}

// One recall for each lease that is waited for, minus those that were asked for before and have not come back yet.
std::vector<OwnerKey> LeaseTable::recalls(Shortage shortage) {
  // A recalled lease that lends its CPUs may come back much later: its task waits for tasks, perhaps for these.
  std::uint64_t outstanding = 0;
  for (const auto& [who, demand] : demands_) {
    outstanding += std::min<std::uint64_t>(demand.recalled, demand.held - demand.lending);
  }
  std::vector<Grantable> fitting;
  const std::size_t limit = shortage == Shortage::kWorkers ? 0 : SIZE_MAX;
  std::vector<Turn> waiters = turns(limit, fitting);
  if (shortage == Shortage::kWorkers) {
    for (const OwnerKey& who : queue_) waiters.push_back({who, demands_.at(who).wanted});
  }
  std::vector<OwnerKey> result;
  for (const Turn& waiter : waiters) {
    for (std::uint64_t i = 0; i < waiter.waits; ++i) {
      OwnerKey who;
      Demand* holder = holder_for({.who = waiter.who, .coming = i}, shortage, who);
      if (holder == nullptr) break;
      if (outstanding > 0) {  // one was asked for already
        --outstanding;
        continue;
      }
      ++holder->recalled;
      count(holder->request.job, 0, 1);
      result.push_back(who);
    }
  }
  return result;
}

// Whether the owner `who`, which wants more itself, may have to give a lease back for `waiter`: that has none, or `who`
// has at least two leases more. Between the keys of one owner their own leases count; between jobs all that they run,
// without those that they give to the other already.
bool LeaseTable::may_give_back(OwnerKey who, const Waiter& waiter, std::uint64_t& has) const {
  const Demand& holds = demands_.at(who);
  const Demand& waits = demands_.at(waiter.who);
  std::uint64_t waiter_has = 0;
  if (who.owner == waiter.who.owner) {
    has = holds.held;
    waiter_has = waits.held;
  } else if (holds.request.job == waits.request.job) {
    has = held_by(who.owner);
    waiter_has = held_by(waiter.who.owner);
  } else {
    const Share share = share_of(holds.request.job);
    has = share.runs - std::min(share.runs, share.recalled);
    waiter_has = share_of(waits.request.job).runs + waiter.coming;
  }
  return waiter_has == 0 || has > waiter_has + 1;
}

// The owner that should give a lease back for `waiter`: one that wants nothing more if possible, else the one that has
// most of those that may have to.
LeaseTable::Demand* LeaseTable::holder_for(const Waiter& waiter, Shortage shortage,
                                           OwnerKey& found) {
  const std::string missing = shortage == Shortage::kResources
                                  ? free_.shortest(demands_.at(waiter.who).request.resources)
                                  : "";
  Demand* best = nullptr;
  std::uint64_t best_has = 0;
  for (auto& [who, demand] : demands_) {
    if (who == waiter.who || who.owner >= kFirstActor) continue;
    if (demand.held - demand.lending <= demand.recalled) continue;
    if (!missing.empty() && demand.request.resources.amount(missing) == 0) continue;
    std::uint64_t has = 0;
    const bool fair = may_give_back(who, waiter, has);
    if (demand.wanted > 0 && !fair) continue;
    const bool better = best == nullptr || (demand.wanted == 0) > (best->wanted == 0) ||
                        ((demand.wanted == 0) == (best->wanted == 0) && has > best_has);
    if (!better) continue;
    best = &demand;
    best_has = has;
    found = who;
  }
  return best;
}

std::vector<OwnerKey> LeaseTable::refuse_waiting(const std::function<bool(OwnerKey)>& of) {
  std::vector<OwnerKey> refused;
  for (const auto& [who, demand] : demands_) {
    if ((demand.wanted > 0 || demand.more) && (!of || of(who))) refused.push_back(who);
  }
  for (const OwnerKey& who : refused) {
    Demand& demand = demands_.at(who);
    if (std::exchange(demand.wanted, 0) > 0) std::erase(queue_, who);
    set_more(who, demand, false);
    drop_if_unused(who);
  }
  return refused;
}

bool LeaseTable::has_business(OwnerId owner) const {
  const auto first = demands_.lower_bound({.owner = owner, .key = 0});
  return first != demands_.end() && first->first.owner == owner;
}

std::uint64_t LeaseTable::waiting() const {
  std::uint64_t sum = 0;
  for (const OwnerKey& who : queue_) sum += demands_.at(who).wanted;
  return sum;
}

void LeaseTable::drop_if_unused(OwnerKey who) {
  const auto entry = demands_.find(who);
  if (entry->second.wanted == 0 && entry->second.held == 0 && !entry->second.more) {
    demands_.erase(entry);
  }
}

std::uint64_t LeaseTable::held_by(OwnerId owner) const {
  const auto entry = held_.find(owner);
  return entry == held_.end() ? 0 : entry->second;
}

LeaseTable::Share LeaseTable::share_of(JobNumber job) const {
  const auto entry = shares_.find(job);
  return entry == shares_.end() ? Share() : entry->second;
}

void LeaseTable::count(JobNumber job, int runs, int recalled) {
  const auto entry = shares_.try_emplace(job).first;
  entry->second.runs += static_cast<std::uint64_t>(runs);
  entry->second.recalled += static_cast<std::uint64_t>(recalled);
  if (entry->second == Share()) shares_.erase(entry);
}

void LeaseTable::count_running(const Lease& lease, int change) {
  if (lease.who.owner >= kFirstActor || lease.lends) return;
  count(demands_.at(lease.who).request.job, change, 0);
}

}  // namespace manta::scheduler
