// A seeded simulation of reference counting (decisions 002, 003 and 009): processes make objects, also such as hold
// references to others, lend and give references to each other, keep and drop them, read what others have made, and
// die, also between holding a reference for another and handing it over; the node reads their rings in any order and as
// late as it likes.
//
//   sim process --ring to the node, first in first out--> Publications     sim process --lane--> sim process
//        ^--------values, first in first out----------------/
//
// Checked at every step: an object that a living process has a right to use is known to the node, or not yet published.
// Checked at the end: when all references are dropped, the node has forgotten everything.
// A failing seed is printed; MANTA_SIMULATION_SEED=n runs that one alone, MANTA_SIMULATION_SEEDS=n so many.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "../../base/simulation_seeds.h"
#include "publications.h"
#include "reply_holds.h"

namespace manta::detail::node {
namespace {

constexpr std::uint64_t kSeeds = 10'000;
constexpr int kSteps = 240;
constexpr std::size_t kProcesses = 4;
constexpr ProcessSlot kNode = 0;     // holds what published values refer to
constexpr std::size_t kMaxLate = 3;  // messages read of one ring at a time, at most

using Contents = std::vector<std::uint64_t>;  // the objects to which a value refers

SharedBytes value_of(const Contents& contents) {
  const auto bytes = std::as_bytes(std::span(contents));
  return std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
}

Contents contents_of(const SharedBytes& value) {
  Contents contents(value->size() / sizeof(std::uint64_t));
  if (!contents.empty()) std::memcpy(contents.data(), value->data(), value->size());
  return contents;
}

const SharedBytes kError = value_of({});
const SharedBytes kLost = value_of({});

struct ToNode {
  enum class Kind { kPublish, kFulfil, kSubscribe, kHold, kRelease, kReplyMissing } kind;
  std::uint64_t object;
  ProcessSlot whose = 0;
  std::int64_t count = 0;
  std::uint64_t reply = 0;  // of kHold: the number of the reply that gives it
  std::uint32_t lane = 0;   // of that, and of kReplyMissing
  SharedBytes value = {};   // null: pending
};

// What one process knows of one object: see ObjectEntry.
struct Known {
  int refs = 0;             // in user code and in values
  int lent = 0;             // arguments of running calls
  std::uint32_t holds = 0;  // how often the node counts us
  bool local = false;       // made here, not published
  bool pending = false;     // made here, to be fulfilled
  bool asked = false;       // for the value of another's
  Contents contents = {};   // of the value, if it is here: each is one of the refs to it
};

struct Delivery {
  std::uint64_t object;
  Contents contents;  // each counted for the receiver
};

struct Call {  // in flight: its caller keeps the reference until the reply
  std::size_t caller, callee;
  std::uint64_t object;
};

// A reply that gives a reference: held for the receiver, then in its ring, then read by it.
struct Gift {
  std::size_t giver, receiver;
  std::uint64_t object;
  std::uint64_t number;
  bool committed = false;
};

struct LaneDead {  // told to the caller at its other end
  std::size_t giver;
  std::uint64_t in_doubt;
};

struct SimProcess {
  bool alive = true;
  bool struck = false;  // the node has noticed the death
  std::map<std::uint64_t, Known> known;
  std::deque<ToNode> ring;
  std::deque<LaneDead> told;
  std::deque<Delivery> delivered;
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
  static std::uint64_t number_of(const ObjectId& id) { return id.lo(); }
  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }
  SimProcess& at(std::size_t index) { return processes_[index]; }
  static ProcessSlot slot(std::size_t index) { return static_cast<ProcessSlot>(index + 1); }

  void step() {
    const std::size_t self = below(kProcesses);
    switch (below(15)) {
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
      case 9:
        return commit(self);
      case 10:
        return read_replies(self);
      case 11:
        return learn_of_a_death(self);
      case 12:
        return ask_for_a_value(self);
      case 13:
        return take_values(self, 1);
      default:
        if (below(20) == 0 && self != 0) die(self);
    }
  }

  void make(std::size_t self) {
    if (!at(self).alive) return;
    const bool pending = below(2) == 0;
    const Contents contents = pending ? Contents() : some(self);
    at(self).known[next_object_++] = {
        .refs = 1, .local = true, .pending = pending, .contents = contents};
  }

  // References to objects that `self` has a right to use, for a value.
  Contents some(std::size_t self) {
    Contents contents;
    for (std::size_t n = below(3); n > 0; --n) {
      const std::uint64_t object = pick(self);
      if (object == 0) continue;
      ++at(self).known[object].refs;
      contents.push_back(object);
    }
    return contents;
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
    for (const std::uint64_t inside : known.contents) publish(self, inside);
    at(self).ring.push_back({.kind = ToNode::Kind::kPublish,
                             .object = object,
                             .value = known.pending ? nullptr : value_of(known.contents)});
  }

  void ask_for_a_value(std::size_t self) {
    const std::uint64_t object = pick(self);
    if (object == 0) return;
    Known& known = at(self).known[object];
    if (known.local || known.pending || known.asked || !known.contents.empty()) return;
    known.asked = true;
    at(self).ring.push_back({.kind = ToNode::Kind::kSubscribe, .object = object});
  }

  void take_values(std::size_t self, std::size_t most) {
    for (; at(self).alive && most > 0 && !at(self).delivered.empty(); --most) {
      const Delivery delivery = at(self).delivered.front();
      at(self).delivered.pop_front();
      for (const std::uint64_t inside : delivery.contents) {
        ++at(self).known[inside].holds;
        ++at(self).known[inside].refs;
        if (doubtful_.contains(inside)) distrust(self, inside);
      }
      const auto found = at(self).known.find(delivery.object);
      if (found != at(self).known.end() && found->second.contents.empty()) {
        found->second.contents = delivery.contents;
      } else {  // dropped meanwhile
        drop_contents(self, delivery.contents);
      }
    }
  }

  void drop_contents(std::size_t self, const Contents& contents) {
    for (const std::uint64_t inside : contents) {
      --at(self).known[inside].refs;
      forget_if_unused(self, inside);
    }
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

  static std::uint32_t lane_of(std::size_t giver, std::size_t receiver) {
    return static_cast<std::uint32_t>(giver * kProcesses + receiver);
  }
  bool replies_now(std::size_t self) const {  // one reply after the other
    return std::ranges::any_of(
        gifts_, [&](const Gift& gift) { return gift.giver == self && !gift.committed; });
  }

  // A result that holds a reference: counted in the receiver's name before it is sent.
  void give(std::size_t self) {
    const std::uint64_t object = pick(self);
    const std::size_t receiver = below(kProcesses);
    if (object == 0 || receiver == self || !at(receiver).alive || replies_now(self)) return;
    publish(self, object);
    gifts_.push_back({self, receiver, object, ++last_gift_});
    at(self).ring.push_back({.kind = ToNode::Kind::kHold,
                             .object = object,
                             .whose = slot(receiver),
                             .reply = last_gift_,
                             .lane = lane_of(self, receiver)});
  }

  void commit(std::size_t self) {
    for (Gift& gift : gifts_) {
      if (gift.giver == self) gift.committed = true;
    }
  }

  // The replies in the rings of `self`, in their order.
  void read_replies(std::size_t self) {
    if (!at(self).alive) return;
    std::erase_if(gifts_, [&](const Gift& gift) {
      if (gift.receiver != self || !gift.committed) return false;
      Known& known = at(self).known[gift.object];
      ++known.holds;
      ++known.refs;
      pass_on_distrust(gift.giver, self, gift.object);
      newest_read_[lane_of(gift.giver, self)] = gift.number;
      return true;
    });
  }

  // What the dead one had answered counts; then the node is told whether the last of it came.
  void learn_of_a_death(std::size_t self) {
    if (!at(self).alive || at(self).told.empty()) return;
    const LaneDead news = at(self).told.front();
    at(self).told.pop_front();
    read_replies(self);
    const std::uint32_t lane = lane_of(news.giver, self);
    if (news.in_doubt != 0 && newest_read_[lane] < news.in_doubt) {
      at(self).ring.push_back({.kind = ToNode::Kind::kReplyMissing, .object = 0, .lane = lane});
    }
  }

  void drop(std::size_t self) {
    const std::uint64_t object = pick(self);
    if (object == 0 || at(self).known[object].refs == 0) return;
    if (refs_of_the_user(self, object) == 0) return;
    --at(self).known[object].refs;
    forget_if_unused(self, object);
  }

  // Without those of calls and of values.
  int refs_of_the_user(std::size_t self, std::uint64_t object) {
    int count = at(self).known[object].refs;
    for (const Call& call : calls_) count -= call.caller == self && call.object == object ? 1 : 0;
    for (const auto& [container, known] : at(self).known) {
      count -= static_cast<int>(std::ranges::count(known.contents, object));
    }
    return count;
  }

  void forget_if_unused(std::size_t self, std::uint64_t object) {
    Known& known = at(self).known[object];
    if (known.refs + known.lent > 0 || known.pending) {
      return;  // a pending result's call keeps its entry
    }
    if (known.holds > 0) at(self).ring.push_back({ToNode::Kind::kRelease, object, 0, known.holds});
    const Contents contents = known.contents;
    at(self).known.erase(object);
    drop_contents(self, contents);
  }

  void fulfil(std::size_t self) {
    if (!at(self).alive) return;
    for (auto& [object, known] : at(self).known) {
      if (!known.pending) continue;
      known.pending = false;
      known.contents = some(self);
      // Older ones: a ring of values that hold each other would never be forgotten.
      std::erase_if(known.contents, [&, made = object](std::uint64_t inside) {
        if (inside < made) return false;
        --at(self).known[inside].refs;
        return true;
      });
      if (!known.local) {
        for (const std::uint64_t inside : known.contents) publish(self, inside);
        at(self).ring.push_back(
            {.kind = ToNode::Kind::kFulfil, .object = object, .value = value_of(known.contents)});
      }
      return forget_if_unused(self, object);
    }
  }

  void die(std::size_t self) {
    at(self).alive = false;
    // Never seen by anybody: in mid-reply, or in the ring of one that is dead.
    std::erase_if(gifts_, [&](const Gift& gift) {
      return gift.receiver == self || (gift.giver == self && !gift.committed);
    });
    for (const auto& call : calls_) {
      if (call.caller == self) distrust(call.callee, call.object);  // its lender is gone
    }
    at(self).known.clear();
    at(self).delivered.clear();
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
    doubtful_.insert(object);
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
        return objects_.publish(id, slot(self), message.value);
      case ToNode::Kind::kFulfil:
        return objects_.fulfil(id, message.value);
      case ToNode::Kind::kSubscribe:
        return objects_.subscribe(id, slot(self));
      case ToNode::Kind::kHold:
        if (at(message.whose - 1U).struck) return;
        objects_.add_holds(id, message.whose, 1);
        if (message.reply != 0) {
          reply_holds_.add({.sequence = message.reply, .lane = message.lane},
                           ReleaseObject{.object = id, .count = 1});
        }
        return;
      case ToNode::Kind::kReplyMissing:
        for (const ReplyHold& hold : reply_holds_.take_back(message.lane)) {
          objects_.add_holds(std::get<ReleaseObject>(hold).object, slot(self), -1);
        }
        return;
      case ToNode::Kind::kRelease:
        return objects_.add_holds(id, slot(self), -message.count);
    }
  }

  void read_some(std::size_t self) {
    for (std::size_t n = below(kMaxLate) + 1; n > 0 && !at(self).ring.empty(); --n) {
      read_one(self);
      run_steps();
    }
    if (!at(self).alive && !at(self).struck && at(self).ring.empty()) {
      at(self).struck = true;
      objects_.fail_pending(slot(self), kError);
      objects_.strike(slot(self));
      for (std::size_t i = 0; i < kProcesses; ++i) {
        at(i).told.push_back({self, reply_holds_.last_reply(lane_of(self, i)).sequence});
        reply_holds_.forget(lane_of(i, self));  // nobody reads these any more
      }
    }
    run_steps();
  }

  // As Objects::run_steps() does.
  void run_steps() {
    using Kind = PublicationStep::Kind;
    for (auto steps = std::exchange(objects_.steps(), {}); !steps.empty();
         steps = std::exchange(objects_.steps(), {})) {
      for (const PublicationStep& step : steps) {
        if (step.kind == Kind::kSendFreed) continue;
        const Contents contents = contents_of(step.value);
        if (step.kind == Kind::kSendValue) {
          if (at(step.process - 1U).struck) continue;
          for (const std::uint64_t inside : contents) {
            objects_.add_holds(id_of(inside), step.process, 1);
          }
          if (at(step.process - 1U).alive) {
            at(step.process - 1U).delivered.push_back({number_of(step.object), contents});
          }
        } else {
          if (step.value == kLost) lost_.insert(number_of(step.object));
          const int change = step.kind == Kind::kHoldContents ? 1 : -1;
          for (const std::uint64_t inside : contents) {
            objects_.add_holds(id_of(inside), kNode, change);
          }
        }
      }
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
    for (const ObjectId& id : unsettled) objects_.settle(id, kLost);
    run_steps();
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
        EXPECT_FALSE(lost_.contains(object))
            << "process " << i << " uses object " << object << ", which is lost";
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
    read_all();
    for (std::size_t i = 0; i < kProcesses; ++i) commit(i);
    for (std::size_t i = 0; i < kProcesses; ++i) {
      read_replies(i);
      while (at(i).alive && !at(i).told.empty()) learn_of_a_death(i);
    }
    for (std::size_t i = 0; i < kProcesses; ++i) {
      while (at(i).alive && has_pending(i)) fulfil(i);
    }
    for (int round = 0; round < 8; ++round) {  // values within values
      for (std::size_t i = 0; i < kProcesses; ++i) {
        take_values(i, SIZE_MAX);
        drop_all(i);
      }
      read_all();
      sweep();
    }
    EXPECT_EQ(objects_.size(), 0U) << "objects that nobody holds are still there";
  }

  void drop_all(std::size_t self) {
    Contents objects;
    for (const auto& [object, entry] : at(self).known) objects.push_back(object);
    for (const std::uint64_t object : objects) {
      if (!at(self).known.contains(object)) continue;
      at(self).known[object].refs -= refs_of_the_user(self, object);
      forget_if_unused(self, object);
    }
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
  std::set<std::uint64_t>
      doubtful_;  // those that are unsafe for anybody: so are the values that hold them
  std::set<std::uint64_t> lost_;
  std::vector<Gift> gifts_;
  std::uint64_t last_gift_ = 0;
  // Of each lane: the last reply that its caller has seen.
  std::map<std::uint32_t, std::uint64_t> newest_read_;
  ReplyHolds reply_holds_;
  std::uint64_t next_object_ = 1;
  Publications objects_;
};

TEST(OwnershipSimulation, NothingUsableIsDeletedAndNothingUnusedStays) {
  const base::SimulationSeeds seeds(kSeeds);
  for (std::uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
    Simulation(seed).run();
    if (HasFailure()) {
      FAIL() << "seed " << seed << " fails; replay it with MANTA_SIMULATION_SEED=" << seed;
    }
  }
}

}  // namespace
}  // namespace manta::detail::node
