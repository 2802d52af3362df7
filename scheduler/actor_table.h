// An ActorTable is a node's record of its actors: which processes hold a handle of each, and which worker runs it.
//
//   unknown --create()--> pending --assign()--> starting --alive()--> alive
//      | settle()            |                     |                     |  settle() unheld,
//      exiting() v                     |                     |                     v
//    gone                    |                     |                   ending
//                            v  kill(), refuse()   v  failed(), worker_gone()
//                          dead <------------------+---------------------+
//
// "unknown": a hold or a connect was seen before the create, which came on another ring. An actor that is still
// unknown after one sweep of all rings is answered as dead. A dead actor's record stays while somebody holds a handle.
//
// Events are calls; what the node must then do is appended to `steps`, in order.
// Invariants: an actor has at most one worker, and that worker no other actor; a process that asked to
//             connect gets exactly one answer each time: a lane, or the end.
// Threads: confined. No I/O, no clock.
// Errors:  the cause of a death is opaque bytes, which are empty when the actor ended normally.
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
    kWithdraw,  // the actor does not want a worker any more
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
    std::vector<ProcessSlot> connecting;  // they asked before it had a worker
    // They have a lane, asked for one, or want to know: they are told what holders are told.
    std::vector<ProcessSlot> watching;
    bool kill_asked = false;
    bool unheld = false;    // it ends as soon as its worker has it
    bool detached = false;  // it lives on without holders
    Bytes cause;            // of its death, or of the kill that was asked for
  };

  enum class Life { kCounted, kDetached };
  // The creator holds the first handle. False if that id exists already.
  bool create(ActorId id, ProcessSlot creator, Life life = Life::kCounted);
  void assign(ActorId id, ProcessSlot worker);  // of a pending one
  void alive(ActorId id);                       // its constructor has returned
  void failed(ActorId id, Bytes cause);         // its constructor threw
  void refuse(ActorId id, Bytes cause);         // it will never have a worker
  void exiting(ActorId id);                     // the worker is about to exit as it should
  // Somebody wants it to die now, whatever it is doing.
  void kill(ActorId id, Bytes cause);
  // `process` wants a lane to it.
  void connect(ActorId id, ProcessSlot process);
  // `process` is told the actor's phases until the actor is dead, as a holder is.
  void watch(ActorId id, ProcessSlot process);
  // An actor ended whose process continues: as it should, or because it was killed.
  void ended(ActorId id);
  // A worker ended. `crash_cause` is asked for only if its actor did not expect that.
  void worker_gone(ProcessSlot worker, const std::function<Bytes()>& crash_cause);

  void add_holds(ActorId id, ProcessSlot process, std::int64_t count);  // negative: released
  // A process died: it gets no lane and no news any more,
  void disconnect(ProcessSlot process);
  // and, once nobody runs its calls any more, it holds nothing.
  void strike(ProcessSlot process);
  // The actors that settle() is to look at after a sweep of all rings that begins now. Empties the list.
  std::vector<ActorId> take_unsettled();
  // Ends an actor that nobody holds. `unknown_cause` is the cause of death of one that nobody created.
  void settle(ActorId id, const Bytes& unknown_cause);

  const Actor* find(ActorId id) const;  // null if there is no record
  // Whether it is there to be called: neither dead, nor about to end, nor without a record.
  bool lives(ActorId id) const;
  std::size_t size() const { return actors_.size(); }
  std::vector<ActorStep>& steps() { return steps_; }  // the caller takes them out after each event

 private:
  void announce(ActorId id, const Actor& actor);  // to holders and watchers, to each once
  void die(ActorId id, Actor& actor, Bytes cause);
  void step(ActorStep::Kind kind, ActorId id, ProcessSlot process = 0);

  std::unordered_map<ActorId, Actor> actors_;
  std::unordered_map<ProcessSlot, ActorId> workers_;
  std::vector<ActorId> unsettled_;
  std::vector<ActorStep> steps_;
};

}  // namespace manta::scheduler
