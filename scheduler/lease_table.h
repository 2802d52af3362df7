// A LeaseTable decides who gets a worker next. An owner (a process that submits tasks) wants leases
// for a scheduling key, which is its own number for a set of resources; an actor that waits for its process
// is an owner too, of one lease. A lease is kept while the owner has work for it.
//
//   wanted --grantable(), grant()--> running <--blocked / unblocked--> lending
//     | want(0)                         \------- end() -------/
//     v                                            v
//   gone                                    resources are back
//
// An owner asks for no more leases than the node could ever run at once. When all of those wait for
// work of their own, they may wait for just the tasks that the owner has left: so it says that it has `more`,
// and gets one lease beyond its wish when resources are free for which nobody asks.
//
// Order: jobs take turns: the next one is that which runs the fewest tasks. Actors and blocked tasks do not count: a
// job with an idle actor would never get another turn beside a backlog. In a job, owners and their keys take turns,
// first come first served. A request that does not fit keeps what it needs from those behind it, so that small requests
// never starve a large one; they may have what it does not need. One that waits for what blocked tasks hold keeps
// nothing: perhaps they wait for those behind it. When somebody waits, leases are recalled from owners that want
// nothing more for that key, or that hold more than the one that waits, or whose job runs more than its job: one recall
// for each lease that is waited for. So no key of an owner waits until another of its keys has no work left.
//
// Invariants: free() is what the node has minus what running leases hold (of lending ones, minus all but
//             their CPUs); a request that can never fit is refused by want() and never queued.
// Threads: confined. No I/O, no clock. Errors: refusals are texts for the user.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "job_number.h"
#include "supply.h"

namespace manta::scheduler {

// A process, or (from kFirstActor on) an actor, by the caller's numbers. Leases of actors are never recalled.
using OwnerId = std::uint64_t;
inline constexpr OwnerId kFirstActor = OwnerId{1} << 32;

// A task that asks for no CPU, or next to none, takes one of these instead, so that a loop over such tasks does not
// become a process for each. It is lent like a CPU while the task blocks.
inline constexpr std::string_view kTaskSlot = "tasks without a CPU";
using SchedulingKey = std::uint32_t;
using LeaseId = std::uint64_t;  // never reused

struct OwnerKey {
  OwnerId owner = 0;
  SchedulingKey key = 0;
  auto operator<=>(const OwnerKey&) const = default;
};

class LeaseTable {
 public:
  // What a lease needs: resources, and a worker of this job with these variables in its environment. All keys of an
  // owner are of one job.
  struct Request {
    Request() = default;
    Request(ResourceSet of, std::map<std::string, std::string> variables = {}, JobNumber whose = 0)
        : resources(std::move(of)), environment(std::move(variables)), job(whose) {}

    ResourceSet resources;
    std::map<std::string, std::string> environment;
    JobNumber job = 0;
  };

  explicit LeaseTable(const ResourceSet& total);

  // The owner wants `count` leases beyond those that it holds, and may have work for more; this replaces the last
  // figures of that owner and key. The request of a key is fixed by its first want(). Gives a text, which
  // says why, if the request can never be granted.
  enum class More { kNo, kYes };
  std::optional<std::string> want(OwnerKey who, std::uint64_t count, const Request& request,
                                  More more = More::kNo);

  // A lease that could be granted now, and the GPUs that it would get.
  struct Grantable {
    OwnerKey who;
    Gpus gpus = {};

    bool operator==(const Grantable&) const = default;
  };
  // The leases whose turn it is, one behind the other; each fits beside those before it. No more than `limit`.
  std::vector<Grantable> grantable(std::size_t limit) const;
  // Takes the resources of one of them, and moves its owner to the end of the queue. The caller has found a worker
  // for it; it may grant some and leave others for which it has none.
  LeaseId grant(const Grantable& turn);
  bool waits(OwnerKey who) const;  // it wants a lease, or has work for more
  const Request& request_of(OwnerKey who) const { return demands_.at(who).request; }

  void end(LeaseId lease);        // given back, or one of its two processes died
  void blocked(LeaseId lease);    // its task waits: it lends its CPUs
  void unblocked(LeaseId lease);  // it takes them back, even if that makes the free CPUs negative
  // The owner died: it wants nothing more. Its leases are to be ended one by one.
  void forget(OwnerId owner);

  // The owners that must give back a lease of that key, each named once per lease. To be called when
  // nothing more can be granted. kWorkers: requests that fit wait for a worker, and none can be
  // started.
  enum class Shortage { kResources, kWorkers };
  std::vector<OwnerKey> recalls(Shortage shortage);

  // Takes every owner that waits (if `of` says so) out of the queue, with its wish for more, because no worker can be
  // started, say.
  std::vector<OwnerKey> refuse_waiting(const std::function<bool(OwnerKey)>& of = {});

  bool has_business(OwnerId owner) const;  // it wants or holds something
  std::uint64_t waiting() const;           // the leases that all owners together wait for
  bool anybody_has_more() const { return !more_.empty(); }
  std::size_t running() const { return leases_.size() - lending_; }  // not blocked
  std::size_t leases() const { return leases_.size(); }
  // Because its task is blocked.
  bool lends(LeaseId lease) const { return leases_.at(lease).lends; }
  ResourceSet taken(LeaseId lease) const;  // what it holds of the resources now
  // Resources that it wants, too little of which is free, and which nobody lends; a text.
  std::string shortage_of(OwnerKey who) const;
  const ResourceSet& total() const { return total_; }
  const ResourceSet& free() const { return free_.amounts(); }

 private:
  struct Demand {
    Request request;
    std::uint64_t wanted = 0;
    std::uint64_t held = 0;
    std::uint64_t lending = 0;
    std::uint64_t recalled = 0;
    bool more = false;
  };
  struct Lease {
    OwnerKey who;
    Gpus gpus;
    bool lends = false;
  };

  struct Turn {
    OwnerKey who;
    std::uint64_t waits = 0;  // its leases that cannot be granted now
  };

  class Queues;
  std::vector<Turn> turns(std::size_t limit, std::vector<Grantable>& fitting) const;
  struct Waiter {
    OwnerKey who;
    std::uint64_t coming = 0;  // leases that are recalled for it
  };
  // What a job has of the node.
  struct Share {
    std::uint64_t runs = 0;  // leases of tasks that are not blocked
    std::uint64_t recalled = 0;
    bool operator==(const Share&) const = default;
  };

  Demand* holder_for(const Waiter& waiter, Shortage shortage, OwnerKey& who);
  void lend(Lease& lease);
  void take_back(Lease& lease);
  void set_more(OwnerKey who, Demand& demand, bool more);
  void drop_if_unused(OwnerKey who);
  std::uint64_t held_by(OwnerId owner) const;
  Share share_of(JobNumber job) const;
  void count(JobNumber job, int runs, int recalled);
  void count_running(const Lease& lease, int change);
  bool may_give_back(OwnerKey who, const Waiter& waiter, std::uint64_t& has) const;

  ResourceSet total_;
  Supply free_;
  Supply reachable_;  // what is free when all that are not blocked have ended
  std::map<OwnerKey, Demand> demands_;
  std::deque<OwnerKey> queue_;  // those that want something, each once
  std::deque<OwnerKey> more_;   // those that have work for more, each once
  std::unordered_map<LeaseId, Lease> leases_;
  std::unordered_map<OwnerId, std::uint64_t> held_;
  std::unordered_map<JobNumber, Share> shares_;
  std::size_t lending_ = 0;
  LeaseId last_lease_ = 0;
};

}  // namespace manta::scheduler
