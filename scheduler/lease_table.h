// A LeaseTable decides who gets a worker next. An owner (a process that submits tasks) wants leases
// for a shape, which is its own number for a set of resources; an actor that waits for its process
// is an owner too, of one lease. A lease is kept while the owner has work for it.
//
//   wanted --next(), grant()--> running <--blocked / unblocked--> lending
//     | want(0)                    \------- end() -------/
//     v                                       v
//   gone                               resources are back
//
// An owner asks for no more leases than the node could ever run at once. When all of those wait for
// work of their own, what it has left may be just what they wait for: so it says that it has `more`,
// and gets one lease beyond for it when resources are free that nobody asks for.
//
// Order: owners take turns, first come first served. A request that does not fit keeps what it
// needs from those behind it, so that small requests never starve a large one, yet what it does not
// need goes on. When somebody waits, leases are recalled from owners that want nothing more for
// that shape, or hold more than who waits; one recall per lease waited for.
//
// Invariants: free() is what there is minus what running leases hold (minus all but the CPUs of
// lending
//             ones); a request that can never fit is refused by want(), never queued.
// Threads: confined. No I/O, no clock. Errors: refusals are texts for the user.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "resources.h"

namespace manta::scheduler {

using OwnerId =
    std::uint64_t;  // a process, or (from kFirstActor on) an actor: the user's numbering
inline constexpr OwnerId kFirstActor = OwnerId{1} << 32;  // their leases are never recalled

// What a task that asks for (next to) no CPU takes instead, so that a loop over such tasks does not
// become a process for each. Lent like CPUs while it blocks.
inline constexpr std::string_view kTaskSlot = "tasks without a CPU";
using ShapeId = std::uint64_t;
using LeaseId = std::uint64_t;  // never reused

struct OwnerShape {
  OwnerId owner = 0;
  ShapeId shape = 0;
  auto operator<=>(const OwnerShape&) const = default;
};

class LeaseTable {
 public:
  explicit LeaseTable(ResourceSet total);

  // `count` leases wanted beyond those held, and whether it has work for more; replaces the last
  // figures of that owner and shape. The resources of a shape are fixed by its first want(). A text:
  // it can never be granted, and why.
  enum class More { kNo, kYes };
  std::optional<std::string> want(OwnerShape who, std::uint64_t count, const ResourceSet& request,
                                  More more = More::kNo);

  // The request whose turn it is and for which there are resources; grant() takes them and moves
  // its owner to the end of the queue. Between them the caller finds a worker.
  std::optional<OwnerShape> next() const;
  LeaseId grant(OwnerShape who);
  // How many requests next() would name in turn, if each were granted; counts up to `limit`.
  std::size_t grantable(std::size_t limit) const;

  void end(LeaseId lease);        // given back, or one of its two processes died
  void blocked(LeaseId lease);    // lends its CPUs
  void unblocked(LeaseId lease);  // takes them back, even if that makes free CPUs negative
  // The owner died: it wants nothing more. Its leases are to be ended one by one.
  void forget(OwnerId owner);

  // Owners that must give a lease of the shape back, each named once per lease to give. Ask when
  // nothing more can be granted. kWorkers: requests that fit wait for a worker that cannot be
  // started.
  enum class Shortage { kResources, kWorkers };
  std::vector<OwnerShape> recalls(Shortage shortage);

  // Every owner that waits now, with its wish for more, taken out of the queue (no worker can be started, say).
  std::vector<OwnerShape> refuse_waiting();

  bool has_business(OwnerId owner) const;  // it wants or holds something
  std::uint64_t waiting() const;           // leases wanted in all
  bool anybody_has_more() const { return !more_.empty(); }
  std::size_t running() const { return leases_.size() - lending_; }  // not blocked
  std::size_t leases() const { return leases_.size(); }
  bool lends(LeaseId lease) const { return leases_.at(lease).lends; }  // it is blocked
  ResourceSet taken(LeaseId lease) const;                              // from free(), now
  const ResourceSet& total() const { return total_; }
  const ResourceSet& free() const { return free_; }

 private:
  struct Shape {
    ResourceSet request;
    std::uint64_t wanted = 0;
    std::uint64_t held = 0;
    std::uint64_t lending = 0;
    std::uint64_t recalled = 0;
    bool more = false;
  };
  struct Lease {
    OwnerShape who;
    bool lends = false;
  };

  struct Turn {
    OwnerShape who;
    std::uint64_t waits = 0;  // leases that cannot be granted now
  };

  std::vector<Turn> turns(std::size_t limit, std::size_t& fitting) const;
  Shape* holder_for(OwnerShape waiter, Shortage shortage, OwnerShape& who);
  void lend(Lease& lease);
  void take_back(Lease& lease);
  void set_more(OwnerShape who, Shape& shape, bool more);
  void drop_if_unused(OwnerShape who);
  std::uint64_t held_by(OwnerId owner) const;

  ResourceSet total_;
  ResourceSet free_;
  std::map<OwnerShape, Shape> shapes_;
  std::deque<OwnerShape> queue_;  // those that want something, each once
  std::deque<OwnerShape> more_;   // those that have work for more, each once
  std::unordered_map<LeaseId, Lease> leases_;
  std::unordered_map<OwnerId, std::uint64_t> held_;
  std::size_t lending_ = 0;
  LeaseId last_lease_ = 0;
};

}  // namespace manta::scheduler
