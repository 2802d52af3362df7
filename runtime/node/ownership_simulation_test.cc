// A seeded simulation of reference counting (decisions 002 and 003): processes make objects, lend and give references to
// each other, keep and drop them, and die; the node reads their rings in any order and as late as it likes.
//
//   sim process --ring to the node, first in first out--> Publications     sim process --lane--> sim process
//
// Checked at every step: an object that a living process has a right to use is known to the node, or not yet published.
// Checked at the end: when all references are dropped, the node has forgotten everything.
// A failing seed is printed; MANTA_SIMULATION_SEED=n runs that one alone.
#include <cstdlib>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <manta/runtime/node/publications.h>

namespace manta::detail::node {
namespace {

constexpr int kSeeds = 10'000;
constexpr int kSteps = 120;
constexpr std::size_t kProcesses = 4;
constexpr std::size_t kMaxLate = 3;  // messages read of one ring at a time, at most

const SharedBytes kValue = std::make_shared<const std::vector<std::byte>>(1);

struct ToNode {
  enum class Kind { kPublish, kFulfil, kHold, kRelease } kind;
  std::uint64_t object;
  ProcessSlot whose = 0;
  std::int64_t count = 0;
};

// What one process knows of one object: see ObjectEntry.
struct Known {
  int refs = 0;             // in user code
  int lent = 0;             // arguments of running calls
  std::uint32_t holds = 0;  // how often the node counts us
  bool local = false;       // made here, not published
  bool pending = false;     // made here, to be fulfilled
};

struct Call {  // in flight: its caller keeps the reference until the reply
  std::size_t caller, callee;
  std::uint64_t object;
};

struct SimProcess {
  bool alive = true;
  bool struck = false;  // the node has noticed the death
  std::map<std::uint64_t, Known> known;
  std::deque<ToNode> ring;
};

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : random_(seed) {}

  void run() {
    for (int i = 0; i < kSteps; ++i) {
      step();
      expect_usable();
    }
    finish();
  }

 private:
  static ObjectId id_of(std::uint64_t object) { return {1, object}; }
  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }
  SimProcess& at(std::size_t index) { return processes_[index]; }
  static ProcessSlot slot(std::size_t index) { return static_cast<ProcessSlot>(index + 1); }

  void step() {
    const std::size_t self = below(kProcesses);
    switch (below(10)) {
      case 0:
        return make(self);
      case 1:
      case 2:
        return lend(self);
      case 3:
        return reply();
      case 4:
        return give(self);
      case 5:
        return drop(self);
      case 6:
        return fulfil(self);
      case 7:
        return read_some(self);
      case 8:
        return sweep();
      default:
        if (below(20) == 0 && self != 0) die(self);
    }
  }

  void make(std::size_t self) {
    if (!at(self).alive) return;
    at(self).known[next_object_++] = {.refs = 1, .local = true, .pending = below(2) == 0};
  }

  // A random object that `self` has a right to use, or 0.
  std::uint64_t pick(std::size_t self) {
    if (!at(self).alive || at(self).known.empty()) return 0;
    auto entry = at(self).known.begin();
    std::advance(entry, static_cast<std::ptrdiff_t>(below(at(self).known.size())));
    return entry->second.refs + entry->second.lent > 0 ? entry->first : 0;
  }

  void publish(std::size_t self, std::uint64_t object) {
    Known& known = at(self).known[object];
    if (!known.local) return;
    known.local = false;
    known.holds = 1;
    at(self).ring.push_back({ToNode::Kind::kPublish, object, 0, known.pending ? 0 : 1});
  }

  void lend(std::size_t self) {
    const std::uint64_t object = pick(self);
    const std::size_t callee = below(kProcesses);
    if (object == 0 || callee == self || !at(callee).alive) return;
    publish(self, object);
    ++at(self).known[object].refs;  // the call keeps it
    ++at(callee).known[object].lent;
    calls_.push_back({self, callee, object});
    pass_on_distrust(self, callee, object);
  }

  // The callee ends a call; it may keep the reference, which it says before its reply.
  void reply() {
    if (calls_.empty()) return;
    const std::size_t which = below(calls_.size());
    const Call call = calls_[which];
    calls_.erase(calls_.begin() + static_cast<std::ptrdiff_t>(which));
    if (at(call.callee).alive) {
      Known& known = at(call.callee).known[call.object];
      --known.lent;
      if (below(2) == 0) ++known.refs;
      if (known.refs + known.lent > 0 && known.holds == 0 && !known.local) {
        at(call.callee).ring.push_back({ToNode::Kind::kHold, call.object, slot(call.callee)});
        known.holds = 1;
      }
      forget_if_unused(call.callee, call.object);
    }
    if (at(call.caller).alive) {
      --at(call.caller).known[call.object].refs;
      forget_if_unused(call.caller, call.object);
    }
  }

  // A result that holds a reference: counted in the receiver's name before it is sent.
  void give(std::size_t self) {
    const std::uint64_t object = pick(self);
    const std::size_t receiver = below(kProcesses);
    if (object == 0 || receiver == self || !at(receiver).alive) return;
    publish(self, object);
    at(self).ring.push_back({ToNode::Kind::kHold, object, slot(receiver)});
    Known& known = at(receiver).known[object];
    ++known.holds;
    ++known.refs;
    pass_on_distrust(self, receiver, object);
  }

  void drop(std::size_t self) {
    const std::uint64_t object = pick(self);
    if (object == 0 || at(self).known[object].refs == 0) return;
    if (borrowed_by_calls(self, object) == at(self).known[object].refs)
      return;  // these belong to calls
    --at(self).known[object].refs;
    forget_if_unused(self, object);
  }

  int borrowed_by_calls(std::size_t self, std::uint64_t object) const {
    int count = 0;
    for (const Call& call : calls_) count += call.caller == self && call.object == object ? 1 : 0;
    return count;
  }

  void forget_if_unused(std::size_t self, std::uint64_t object) {
    Known& known = at(self).known[object];
    if (known.refs + known.lent > 0 || known.pending)
      return;  // a pending result's call keeps its entry
    if (known.holds > 0) at(self).ring.push_back({ToNode::Kind::kRelease, object, 0, known.holds});
    at(self).known.erase(object);
  }

  void fulfil(std::size_t self) {
    if (!at(self).alive) return;
    for (auto& [object, known] : at(self).known) {
      if (!known.pending) continue;
      known.pending = false;
      if (!known.local) at(self).ring.push_back({ToNode::Kind::kFulfil, object});
      return forget_if_unused(self, object);
    }
  }

  void die(std::size_t self) {
    at(self).alive = false;
    for (const auto& call : calls_) {
      if (call.caller == self) distrust(call.callee, call.object);  // its lender is gone
    }
    at(self).known.clear();
    std::erase_if(calls_, [&](const Call& call) {  // its callers' arguments come back
      if (call.callee != self) return false;
      if (at(call.caller).alive) {
        --at(call.caller).known[call.object].refs;
        forget_if_unused(call.caller, call.object);
      }
      return true;
    });
  }

  // A reference whose sender died before it was registered may be lost, and so may those made of it.
  void distrust(std::size_t self, std::uint64_t object) {
    if (!unsafe_.insert({self, object}).second) return;
    for (const auto& call : calls_) {
      if (call.caller == self && call.object == object) distrust(call.callee, object);
    }
  }
  void pass_on_distrust(std::size_t from, std::size_t to, std::uint64_t object) {
    if (unsafe_.contains({from, object})) distrust(to, object);
  }

  // ---- the node
  void read_one(std::size_t self) {
    const ToNode message = at(self).ring.front();
    at(self).ring.pop_front();
    const ObjectId id = id_of(message.object);
    switch (message.kind) {
      case ToNode::Kind::kPublish:
        return objects_.publish(id, slot(self), message.count == 0 ? nullptr : kValue);
      case ToNode::Kind::kFulfil:
        return objects_.fulfil(id, kValue);
      case ToNode::Kind::kHold:
        if (!at(message.whose - 1U).struck) objects_.add_holds(id, message.whose, 1);
        return;
      case ToNode::Kind::kRelease:
        return objects_.add_holds(id, slot(self), -message.count);
    }
  }

  void read_some(std::size_t self) {
    for (std::size_t n = below(kMaxLate) + 1; n > 0 && !at(self).ring.empty(); --n) read_one(self);
    if (!at(self).alive && !at(self).struck && at(self).ring.empty()) {
      at(self).struck = true;
      objects_.fail_pending(slot(self), kValue);
      objects_.strike(slot(self));
    }
  }

  void read_all() {
    for (std::size_t i = 0; i < kProcesses; ++i) {
      while (!at(i).ring.empty() || (!at(i).alive && !at(i).struck)) read_some(i);
    }
  }

  void sweep() {
    const auto unsettled = objects_.take_unsettled();
    read_all();
    for (const ObjectId& id : unsettled) objects_.settle(id, kValue);
    objects_.steps().clear();
  }

  // ---- what must hold
  void expect_usable() {
    for (std::size_t i = 0; i < kProcesses; ++i) {
      if (!at(i).alive) continue;
      for (const auto& [object, known] : at(i).known) {
        if (known.local || known.refs + known.lent == 0) continue;
        if (unsafe_.contains({i, object})) continue;
        EXPECT_TRUE(objects_.knows(id_of(object)) || is_in_a_ring(object))
            << "process " << i << " uses object " << object << ", which the node has deleted";
      }
    }
  }

  bool is_in_a_ring(std::uint64_t object) const {
    for (const auto& process : processes_) {
      for (const auto& message : process.ring) {
        if (message.object == object && message.kind != ToNode::Kind::kRelease) return true;
      }
    }
    return false;
  }

  void finish() {
    while (!calls_.empty()) reply();
    for (std::size_t i = 0; i < kProcesses; ++i) {
      while (at(i).alive && has_pending(i)) fulfil(i);
      const auto known = at(i).known;
      for (const auto& [object, entry] : known) {
        at(i).known[object].refs = 0;
        forget_if_unused(i, object);
      }
    }
    for (int i = 0; i < 4; ++i) {
      read_all();
      sweep();
    }
    EXPECT_EQ(objects_.size(), 0U) << "objects that nobody holds are still there";
  }

  bool has_pending(std::size_t self) const {
    for (const auto& [object, known] : processes_[self].known) {
      if (known.pending) return true;
    }
    return false;
  }

  std::mt19937_64 random_;
  SimProcess processes_[kProcesses];
  std::deque<Call> calls_;
  std::set<std::pair<std::size_t, std::uint64_t>> unsafe_;
  std::uint64_t next_object_ = 1;
  Publications objects_;
};

TEST(OwnershipSimulation, NothingUsableIsDeletedAndNothingUnusedStays) {
  const char* only = std::getenv("MANTA_SIMULATION_SEED");
  const std::uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 1;
  const std::uint64_t last = only != nullptr ? first : kSeeds;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    Simulation(seed).run();
    if (HasFailure()) {
      FAIL() << "seed " << seed << " fails; replay it with MANTA_SIMULATION_SEED=" << seed;
    }
  }
}

}  // namespace
}  // namespace manta::detail::node
