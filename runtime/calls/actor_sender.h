// The ActorSender of a process sends its calls to actors: one lane per actor, calls in the order of submission.
//
//   call --> the link's queue --arguments there, lane there--> in flight --reply--> done
//
// Invariants: a call behind one whose arguments are missing waits; while a call is out it keeps the actor's entry, and
//             with it the actor, alive.
// Threads:    the holder of the progress baton, under the tables lock.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "../ownership/actor_entry.h"
#include "../wire/death_report.h"
#include "../wire/error_record.h"
#include "../wire/node_messages.h"
#include "caller_side.h"

namespace manta::detail {

class ActorSender {
 public:
  explicit ActorSender(CallerSide& caller)
      : caller_(caller), entries_(caller.ownership().actors()) {}

  void submit(base::Ref<Call> call);  // whether or not its arguments have arrived
  bool poll();
  bool pending() const;
  void flush();
  void watch(ActorEntry& entry);  // asks the node, once, to say when it is alive, ended or dead
  // Its ready() and ended() are to be told also without a handle in this process.
  void watch_end(ActorEntry& entry);
  void forget(const ActorId& id);  // the last handle of this process is gone: gives the lane back

  void drop(Call& call, const Value& error);  // one that is not in flight fails with it
  template <class Visit>
  void each_call(Visit&& visit) const {
    for (const auto& [id, link] : links_) {
      for (const auto& call : link.queue) {
        if (!call->abandoned()) visit(*call);
      }
      if (link.lane) link.lane->each_call(visit);
    }
  }
  // Its constructor waits for arguments; until created() or die_before_start(), which follows.
  void waits_for_arguments(const ActorEntry& entry, const Call& constructor);
  void ended_before_start(const ActorEntry& entry);  // it was killed while it waited
  // Kept until the actor is alive or dead.
  void created(ActorEntry& entry, base::Ref<Call> constructor);
  // An argument of the constructor failed. `declared`: the node knows of the actor, and tells the other holders.
  void die_before_start(ActorEntry& entry, const Value& error, bool declared);
  const CallLane* lane_of(const Call& call) const;  // null: it is not in flight
  // Where calls to the actor go: the constructor that waits for arguments, the first call that is not sent yet, and the
  // lane; null: there is none.
  struct Line {
    const Call* constructor = nullptr;
    const Call* first = nullptr;
    const CallLane* lane = nullptr;
  };
  Line line_to(const ActorId& id) const;
  // " is ended() of actor 12ab, which is alive": a pending ready() or ended(); empty for any other object.
  std::string why(const ObjectEntry& entry);
  bool active() const;  // a call of it can end without another being submitted

  // From the node.
  void on(const ActorLane& told);
  void on(const ActorChanged& change, PayloadBytes error);
  bool on(const LaneDead& dead, const DeathReport& death);  // false: the lane is unknown
  void fail_all(const Value& error);

 private:
  struct Link {
    std::unique_ptr<CallLane> lane;
    std::deque<base::Ref<Call>> queue;
    std::deque<base::Ref<Call>> lost;  // in flight when the actor's process died
    base::Ref<Call> constructor;
    const Call* incomplete = nullptr;  // the constructor, while arguments of it are missing
    // The actor, so that it is made, and ends again, even if nobody has a handle meanwhile.
    base::Ref<ActorEntry> constructing;
    bool connecting = false;
    // What the node has said last; a later handle of this process is told the same.
    ActorState told = ActorState::kStarting;
    Value death;
  };

  void tell_watched(const ActorId& id, ActorState state, const Value* error);
  void become_alive(ActorEntry& entry);
  void apply(ActorEntry& entry, const Link& link);
  void pump(Link& link);
  static void forget_dropped(Link& link);
  bool receive(Link& link);
  void die(ActorEntry& entry, const Value& error);
  void fail_link(Link& link, const Value& error);
  void fail_call(Call& call, const Value& error);
  static void take_back(Link& link);  // what is in flight
  static void keep_lost(Link& link, CallLane::Unfinished unfinished);

  CallerSide& caller_;
  ActorTable& entries_;
  std::unordered_map<ActorId, Link> links_;
  struct Watched {
    std::vector<ObjectEntryRef> ready;  // of each record that this process had of it
    std::vector<ObjectEntryRef> ended;
  };
  std::unordered_map<ActorId, Watched> watched_;
};

}  // namespace manta::detail
