// The messages between a process (driver or worker) and its node: frames of the two node rings of its slot.
//
//   frame = NodeFrame (fixed) | payload (depends on the kind, see each)
//
// Rules (decisions 001 and 002):
//  * Each ring is first in, first out. The node never waits for a process; a process may wait for the node.
//  * Holds are counted per (object, process), per (actor, process) and per (block, process). Whoever gives a reference
//    to another process sends the `hold` on the receiver's behalf before the message that carries the reference; a
//    callee that keeps an argument's reference beyond its call sends `hold` for itself before its reply.
//  * When a count reaches zero the node deletes only after one full sweep over all to_node rings that began afterwards.
//  * A hold that belongs to a reply names it. The node remembers the holds of the last such reply of each lane: should
//    the callee die, the caller says whether that reply ever came (`reply_missing`), and if not they are taken back.
#pragma once
#include <cstdint>

#include "../../base/id.h"

namespace manta::detail {

enum class NodeMessage : std::uint32_t {
  // -------- process -> node
  hello = 1,  // a worker has entered and is ready for work
  lease_want,  // arg0 = shape (chosen by the sender), arg1 = leases wanted beyond those granted (replaces the last
  // figure for that shape; 0 withdraws), arg2 = 1: the sender has work for one more (until the next grant), real = cpus;
  // payload: ResourceItem[] of other resources
  lease_return,  // arg0 = lane: the owner gives the worker back; no call is in flight on it
  blocked,    // the executor of this worker waits inside get(): its lease's cpus are lent to others
  unblocked,  // it goes on (the node may be oversubscribed for a while)
  actor_create,  // id = actor; real = cpus; arg0 = sizes: see ActorCreate; payload. The sender becomes a holder with
  // count 1
  actor_connect,  // id = actor: the sender wants a lane to it
  actor_kill,     // id = actor
  actor_alive,    // from the actor's worker: the constructor returned
  actor_failed,  // from the actor's worker: the constructor threw; payload: value wire (kError); the worker exits
  actor_exiting,  // from the actor's worker: arg0 = 0: ended after the last handle, 1: exit_actor(); the worker exits
  hold,  // arg0 = RefKind, id, arg1 = slot on whose behalf, arg2 = reply_name() of the reply that gives it, or 0
  release,  // arg0 = RefKind, id, arg1 = count
  publish,  // id = object; arg0: 0 pending, 1 done; arg1 = shortest text of what it is (ignored); payload: value
  // wire when done. The sender becomes a holder with count 1. Its blocks that are not yet the node's
  // were adopted before (adopt_block)
  fulfil,       // id = object published as pending by the sender; payload: value wire
  subscribe,    // id = object: send `value` to me, once, when it is done
  free_object,  // id = object
  adopt_block,  // arg0 = block offset: tag is the node's from now on; arg1 = count held by the sender
  hold_block,  // arg0 = block offset, arg1 = slot on whose behalf (may precede the block's adopt_block), arg2 as in
               // hold
  release_block,  // arg0 = block offset, arg1 = count
  lane_closed,  // arg0 = lane: the sender has drained it and will not touch it again (lease_return says so for its
  // owner). Each end says it exactly once, also after lane_close or lane_dead
  lane_kill,  // arg0 = lane: from its caller: kill the process at the other end (cancel with force)
  shutdown,   // from the driver
  actor_declare,  // id = actor: actor_create follows when the constructor's arguments are there; calls and references
  // may come before. Payload as in actor_create, without arguments. The sender holds it as there.
  // When an argument failed, actor_failed follows instead
  actor_watch,    // id = actor: tell me its states until it is dead, also when I hold it no more
  resources_ask,  // arg0 = number of the question: send `resources`
  reply_missing,  // arg0 = lane: from its caller, after lane_dead: the reply in doubt never came
  notice,         // a line for the user, see notices.h; goes to the driver
  wait_begun,  // arg0 = number of the wait: a thread of mine waits for long; payload: WaitRecord (replaces what was
               // said of that wait)
  wait_over,   // arg0 = number of the wait
  needs_told,  // answer to needs_ask: id, arg0 and arg1 of the question; payload: Need[]
  why_ask,     // arg0 = number of the question: send `why_told`; payload: WhyStep
  why_on,      // answer to why_from: arg0, arg1 of the question; payload: WhyStep

  // -------- node -> process
  lease_grant = 128,  // arg0 = shape, arg1 = lane, arg2 = slot of the worker
  lease_refused,  // arg0 = shape, arg1 = ErrorKind (unschedulable, worker_start_failed); payload: text. None is
                  // wanted for that shape any more
  lease_recall,  // arg0 = shape: others wait; give a lease of it back as soon as its calls in flight are done
  lane_open,  // to the callee: arg0 = lane, arg1 = slot of the caller, arg2 = LaneKind
  lane_close,  // the other end closed arg0 = lane (returned the lease, dropped its last handle): nothing more
               // comes; drain it, answer lane_closed
  lane_dead,  // the process at the other end of arg0 = lane died; payload: ProcessDeath; arg1 = number of the
              // last call whose reply gives references; 0: there was none
  actor_start,  // to an actor's worker: id, arg0 = sizes as in ActorCreate; payload as in ActorCreate
  actor_end,    // to an actor's worker: no handle is left: finish the calls received, destroy, exit
  actor_lane,  // id = actor, arg0 = lane, arg1 = slot of its worker: answer to actor_connect
  actor_state,  // id = actor, arg0 = ActorState; payload when dead: value wire (kError) with the cause, or empty
  // after a normal end. Sent to every holder at each change, and to a new holder at its first
  // actor_connect
  value,      // id = object; payload: value wire (values of freed, lost objects have kError)
  freed,      // id = object was freed: drop the value
  exit_now,   // to a worker: the pool has no use for it
  resources,  // arg0 = number of the question, arg1 = how many totals; payload: ResourceItem[] of the totals, then
              // of what is available: not taken by actors and by tasks that run
  wait_refused,  // arg0 = number of the wait: it waits for itself; payload: text, the cycle
  needs_ask,  // id = object, arg0 = slot of who waits, arg1 = number of its wait: send `needs_told`
  why_told,   // arg0 = number of the question; payload: text
  why_from,  // id = object that you make, arg0 = number of the question, arg1 = slot of who asks; payload: the text so
             // far: send `why_on`
};

struct NodeFrame {
  NodeMessage kind = {};
  std::uint32_t payload = 0;  // bytes after this struct
  std::uint64_t id_hi = 0, id_lo = 0;
  std::uint64_t arg0 = 0, arg1 = 0, arg2 = 0;
  double real = 0;
};

// The reply to call number `sequence` of a lane, as holds name it. Never 0: calls are numbered from 1.
constexpr std::uint64_t reply_name(std::uint32_t lane, std::uint64_t sequence) {
  return sequence << 16 | (lane & 0xffff);
}
constexpr std::uint32_t lane_of_reply(std::uint64_t name) { return name & 0xffff; }
constexpr std::uint64_t sequence_of_reply(std::uint64_t name) { return name >> 16; }

enum class LaneKind : std::uint64_t { task, actor };
enum class ActorState : std::uint64_t { starting, alive, dead };

struct ResourceItem {
  char name[56] = {};
  double amount = 0;
};

// Payload of actor_create and actor_start: ActorCreate | name | type name | constructor call (bytes of a CallFrame, see
// lane_messages.h), each padded to 8 bytes.
struct ActorCreate {
  std::uint32_t name_size = 0;
  std::uint32_t type_size = 0;
  std::uint32_t call_size = 0;
  std::uint32_t resource_count = 0;  // ResourceItem[] directly after this struct, before the name
  double cpus = 0;
};

// Payload of lane_dead, and what an actor's death is made of.
struct ProcessDeath {
  std::int32_t pid = 0;
  std::int32_t signal = 0;  // 0: it exited
  std::int32_t exit_code = 0;
  std::uint32_t detail_size = 0;  // text follows: what is known of the signal, " at address 0x0"
  std::uint32_t stack_size = 0;   // text follows: symbolised stack of the crash, one frame a line
  std::uint32_t output_size = 0;  // text follows: its last lines of output
  std::uint32_t expected = 0;  // 1: the runtime asked for it (kill(), cancel with force, actor_end)
};

}  // namespace manta::detail
