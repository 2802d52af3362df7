// An ActorTable is a node's record of its actors: who holds a handle, which worker process runs
// each.
//
//   unknown --create()--> pending --assign()--> starting --alive()--> alive
//      | settle()            |                     |                     |  settle() unheld,
//      exiting() v                     |                     |                     v
//    gone                    |                     |                   ending
//                            v  kill(), refuse()   v  failed(), worker_gone()
//                          dead <------------------+---------------------+
//
// "unknown": a hold or a connect was seen before the create, on another ring; still so after one
// sweep, it is answered as dead. A dead actor's record stays while somebody holds a handle.
//
// Events are calls; what the node must then do is appended to `steps`, in order.
// Invariants: an actor has at most one worker, and that worker no other actor; who asked to connect
// is told
//             exactly once for each asking: a lane, or the end.
// Threads: confined. No I/O, no clock. Errors: the cause of a death is opaque bytes (empty: a
// normal end).
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "../base/id.h"
#include "holders.h"

namespace manta::scheduler {

enum class ActorPhase { kUnknown, kPending, kStarting, kAlive, kEnding, kDead };

struct ActorStep {
  enum class Kind {
    kAnnounce,  // tell `process` the actor's phase, and its cause when dead
    kConnect,   // open a lane from `process` to the actor's worker
    kEnd,       // tell the worker to finish its calls and exit
    kKill,      // kill the worker
    kWithdraw,  // it does not want a worker any more
  };
  Kind kind;
  ActorId actor;
  ProcessSlot process = 0;

  bool operator==(const ActorStep&) const = default;
};

class ActorTable {
 public:
  using Bytes = std::vector<std::byte>;
  struct Actor {
    ActorPhase phase = ActorPhase::kUnknown;
    ProcessSlot worker = 0;  // from kStarting on
    Holders holders;
    std::vector<ProcessSlot> connecting;  // asked before there was a worker
    std::vector<ProcessSlot>
        watching;  // has a lane or asked for one, or wants to know: told like a holder
    bool kill_asked = false;
    bool unheld = false;  // ends as soon as its worker has it
    Bytes cause;
  };

  // The creator holds the first handle. False: that id exists already.
  bool create(ActorId id, ProcessSlot creator);
  void assign(ActorId id, ProcessSlot worker);
  void alive(ActorId id);
  void failed(ActorId id, Bytes cause);  // its constructor threw
  void refuse(ActorId id, Bytes cause);  // it will never have a worker
  void exiting(ActorId id);              // the worker is about to exit as it should
  void kill(ActorId id, Bytes cause);
  void connect(ActorId id, ProcessSlot process);
  void watch(ActorId id,
             ProcessSlot process);  // to be told its phases until it is dead, like a holder
  void worker_gone(ProcessSlot worker, const std::function<Bytes()>& crash_cause);

  void add_holds(ActorId id, ProcessSlot process, std::int64_t count);  // negative: released
  void disconnect(ProcessSlot process);                                 // it died: no lane, no news
  void strike(ProcessSlot process);                                     // and nobody runs its calls
  // Actors to be looked at again by settle(), after a sweep that begins now. Empties the list.
  std::vector<ActorId> take_unsettled();
  // `unknown_cause` is the cause for those that nobody created.
  void settle(ActorId id, const Bytes& unknown_cause);

  const Actor* find(ActorId id) const;
  std::size_t size() const { return actors_.size(); }
  std::vector<ActorStep>& steps() { return steps_; }  // the caller takes them out after each event

 private:
  void announce(ActorId id, const Actor& actor);  // to holders and who watches, each once
  void die(ActorId id, Actor& actor, Bytes cause);
  void step(ActorStep::Kind kind, ActorId id, ProcessSlot process = 0);

  std::unordered_map<ActorId, Actor> actors_;
  std::unordered_map<ProcessSlot, ActorId> workers_;
  std::vector<ActorId> unsettled_;
  std::vector<ActorStep> steps_;
};

}  // namespace manta::scheduler
