// The messages between a process (a driver or a worker) and its node: one struct for each, with what it says. How they
// lie in the rings: message_frame.h.
//
//   process --ToNode--> node --FromNode--> process        (one ring each way: first in, first out)
//
// Some carry a Payload, bytes or a text behind the struct; a comment says which. Handlers are overloads of on().
// Rules (decisions 001 and 002):
//  * The node never waits for a process; a process may wait for the node.
//  * Holds are counted per (object, process), per (actor, process) and per (block, process). Whoever gives a reference
//    to another process sends the hold on the receiver's behalf before the message that carries the reference; a
//    callee that keeps an argument's reference beyond its call sends a hold for itself before its reply.
//  * When a count reaches zero the node deletes only after one full sweep over all rings to it that began afterwards.
//  * A hold that belongs to a reply names it. The node remembers the holds of the last such reply of each lane: should
//    the callee die, the caller says whether that reply ever came (ReplyMissing), and if not they are taken back.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "../../base/id.h"
#include "../../rpc/lane.h"
#include "cancel_messages.h"
#include "error_record.h"
#include "message_frame.h"
#include "name_messages.h"
#include "reply_name.h"
#include "spill_messages.h"

namespace manta::detail {

using PayloadBytes = std::span<const std::byte>;

enum class LaneKind : std::uint32_t { kTask, kActor };
enum class ActorState : std::uint32_t { kStarting, kAlive, kDead };

// ---------------------------------------------------------------- process -> node: itself, leases, lanes

// A worker has entered and is ready for work.
struct WorkerHello {};

// How many leases the sender wants for one scheduling key, beyond those granted. Replaces what it said of that key
// before.
struct LeaseWant {
  using Payload = PayloadBytes;  // TaskShape (task_shape.h)
  enum class More : std::uint32_t { kNo, kYes };

  std::uint32_t key = 0;     // scheduling key: the sender's number for calls with the same request
  More more = More::kNo;     // yes: until the next grant there is work for one more
  std::uint64_t wanted = 0;  // 0 withdraws
  double cpus = 0;
};

// The owner of a lease gives the worker back: no call is in flight on the lane.
struct LeaseReturn {
  std::uint32_t lane = 0;
};

// The executor of this worker waits inside get(): the CPUs of its lease are lent to others.
struct WorkerBlocked {};

// It continues. The node may be oversubscribed for a while.
struct WorkerUnblocked {};

// The sender has drained the lane and will not touch it again (LeaseReturn says so for the owner of a lease). Each end
// says it exactly once, also after LaneClose or LaneDead.
struct LaneClosed {
  std::uint32_t lane = 0;
};

// From the caller of a lane, after LaneDead: the reply in doubt never came.
struct ReplyMissing {
  std::uint32_t lane = 0;
};

// ---------------------------------------------------------------- process -> node: actors

// An actor is to be made. The sender holds it once from now on.
struct ActorCreate {
  using Payload = PayloadBytes;  // an ActorPayload
  ActorId actor = {};
};

// ActorCreate follows when the constructor's arguments are done (ActorFailed, when one of them failed); calls and
// references may come before. The sender holds the actor once from now on.
struct ActorDeclare {
  using Payload = PayloadBytes;  // an ActorPayload without arguments
  ActorId actor = {};
};

// The sender wants a lane to the actor.
struct ActorConnect {
  ActorId actor = {};
};

// The sender wants to be told the actor's states until it is dead, also when it holds the actor no more.
struct ActorWatch {
  ActorId actor = {};
};

struct ActorKill {
  ActorId actor = {};
};

// From the actor's worker: the constructor has returned.
struct ActorAlive {
  ActorId actor = {};
};

// From the actor's worker, which exits: the constructor threw. From its creator: an argument failed.
struct ActorFailed {
  using Payload = PayloadBytes;  // value wire (kError)
  ActorId actor = {};
};

// From the actor's worker, which exits: the actor has ended by itself, or after its last handle.
struct ActorExiting {
  ActorId actor = {};
};

// ---------------------------------------------------------------- process -> node: objects and references

// The sender makes the object known, and holds it once from now on. Its blocks that are not yet the node's were adopted
// before (AdoptBlock).
struct Publish {
  using Payload = PayloadBytes;  // value wire; empty: the object is pending
  ObjectId object = {};
};

// The value of an object that the sender published as pending.
struct Fulfil {
  using Payload = PayloadBytes;  // value wire
  ObjectId object = {};
};

// Send ObjectValue to me, once, when the object is done.
struct Subscribe {
  ObjectId object = {};
};

struct FreeObject {
  ObjectId object = {};
};

// One more reference of `whose`; `reply` names the reply that gives it.
struct HoldObject {
  ObjectId object = {};
  ReplyName reply = {};
  rpc::Slot whose = 0;
};
struct HoldActor {
  ActorId actor = {};
  ReplyName reply = {};
  rpc::Slot whose = 0;
};
struct HoldBlock {  // may precede the block's AdoptBlock
  std::uint64_t block = 0;
  ReplyName reply = {};
  rpc::Slot whose = 0;
};

// The sender has `count` references less.
struct ReleaseObject {
  ObjectId object = {};
  std::uint32_t count = 0;

  bool operator==(const ReleaseObject&) const = default;
};
struct ReleaseActor {
  ActorId actor = {};
  std::uint32_t count = 0;

  bool operator==(const ReleaseActor&) const = default;
};
struct ReleaseBlock {
  std::uint64_t block = 0;
  std::uint32_t count = 0;

  bool operator==(const ReleaseBlock&) const = default;
};

// The block's tag is the node's from now on; the sender holds it `holds` times.
struct AdoptBlock {
  std::uint64_t block = 0;
  std::uint32_t holds = 0;
};

// ---------------------------------------------------------------- process -> node: questions, waits, the user

// Send ResourcesTold. The sender chooses the numbers of its questions.
struct ResourcesAsk {
  std::uint64_t question = 0;
};

// Send RoomTold when it is the sender's turn to take so many bytes of the store, or when it has waited too long.
struct RoomAsk {
  using Payload = std::string_view;  // which call waits (WaitRecord::waiter)
  std::uint64_t question = 0;
  std::uint64_t size = 0;
  std::int64_t since = 0;   // it waits, by monotonic_ms()
  std::uint32_t tries = 0;  // how often it had its turn in vain
};

// Send WhyTold.
struct WhyAsk {
  using Payload = PayloadBytes;  // WhyStep (waits.h)
  std::uint64_t question = 0;
};

// Answer to WhyAskMaker.
struct WhyContinue {
  using Payload = PayloadBytes;  // WhyStep
  std::uint64_t question = 0;
  rpc::Slot asker = 0;
};

// A thread of the sender waits for long. Replaces what was said of that wait before.
struct WaitBegun {
  using Payload = PayloadBytes;  // WaitRecord (waits.h)
  std::uint64_t wait = 0;        // the sender chooses the numbers of its waits
};

struct WaitOver {
  std::uint64_t wait = 0;
};

// Answer to NeedsAsk.
struct NeedsTold {
  using Payload = PayloadBytes;  // Need[] (waits.h)
  std::uint64_t wait = 0;        // these three as in the question
  std::uint32_t number = 0;
  rpc::Slot waiting = 0;
};

// Part of the answer to MemoryAsk.
struct MemoryTold {
  using Payload = PayloadBytes;  // HeldBlocks (memory_report.h)
  std::uint64_t question = 0;
  std::uint32_t last = 0;  // 1: there are no more parts
};

// A line for the user, which goes to the driver.
struct TellUser {
  using Payload = PayloadBytes;  // Notice (notice.h)
};

// ---------------------------------------------------------------- node -> process: leases and lanes

struct LeaseGrant {
  std::uint32_t key = 0;
  std::uint32_t lane = 0;
  rpc::Slot worker = 0;
};

// No lease is wanted for that key any more.
struct LeaseRefused {
  using Payload = std::string_view;
  std::uint32_t key = 0;
  ErrorKind kind = {};  // unschedulable or worker_start_failed
};

// Others wait: give a lease of that key back as soon as its calls in flight are done.
struct LeaseRecall {
  std::uint32_t key = 0;
};

// To the callee.
struct LaneOpen {
  std::uint32_t lane = 0;
  LaneKind kind = {};
  rpc::Slot caller = 0;
  ActorId actor = {};  // whose calls come on it; none: tasks
};

// The other end has closed the lane (returned the lease, dropped its last handle): nothing more comes. Drain it, answer
// LaneClosed.
struct LaneClose {
  std::uint32_t lane = 0;
};

// The process at the other end died.
struct LaneDead {
  using Payload = PayloadBytes;  // DeathReport
  std::uint32_t lane = 0;
  ReplyName reply_in_doubt = {};  // the last that gives references, if any
};

// To a worker: the pool has no use for it.
struct ExitNow {};

// ---------------------------------------------------------------- node -> process: actors and objects

// To the worker that is to be the actor's.
struct ActorStart {
  using Payload = PayloadBytes;  // an ActorPayload
  ActorId actor = {};
};

// To the actor's worker. No handle is left: finish the calls received, destroy the object, exit. In a local session
// also: it was killed; finish the call that runs, and nothing else.
struct ActorEnd {
  enum class Killed : std::uint32_t { kNo, kYes };

  ActorId actor = {};
  Killed killed = Killed::kNo;
};

// Answer to ActorConnect.
struct ActorLane {
  ActorId actor = {};
  std::uint32_t lane = 0;
  rpc::Slot worker = 0;
};

// Sent to every holder at each change, and to a new holder at its first ActorConnect.
struct ActorChanged {
  // When dead: value wire (kError) with the cause; empty after a normal end.
  using Payload = PayloadBytes;
  ActorId actor = {};
  ActorState state = {};
};

struct ObjectValue {
  using Payload = PayloadBytes;  // value wire; kError: the object is freed or lost
  ObjectId object = {};
};

// Drop the object's value.
struct ObjectFreed {
  ObjectId object = {};
};

// ---------------------------------------------------------------- node -> process: questions and waits

struct ResourcesTold {
  using Payload = PayloadBytes;  // NodeResources (resources.h)
  std::uint64_t question = 0;
};

struct RoomTold {
  // If it has waited too long: why nothing could be spilled, if disks fail.
  using Payload = std::string_view;
  std::uint64_t question = 0;
  std::uint32_t granted = 0;  // 0: it has waited too long
};

struct WhyTold {
  using Payload = std::string_view;
  std::uint64_t question = 0;
};

// The process makes the object: send WhyContinue.
struct WhyAskMaker {
  using Payload = std::string_view;  // the text so far
  ObjectId object = {};
  std::uint64_t question = 0;  // of `asker`
  rpc::Slot asker = 0;
};

// The process makes the object: send NeedsTold.
struct NeedsAsk {
  ObjectId object = {};
  std::uint64_t wait = 0;    // of process `waiting`
  std::uint32_t number = 0;  // of the object among those of the wait (Need::object)
  rpc::Slot waiting = 0;
};

// Send MemoryTold, of the largest blocks, at most so many.
struct MemoryAsk {
  std::uint64_t question = 0;
  std::uint64_t most = 0;
};

// The wait would last for ever: it waits for itself.
struct WaitRefused {
  using Payload = std::string_view;  // the cycle
  std::uint64_t wait = 0;
};

using ToNode =
    MessageList<1, WorkerHello, LeaseWant, LeaseReturn, WorkerBlocked, WorkerUnblocked, LaneClosed,
                ReplyMissing, CancelCall, CancelObject, ActorCreate, ActorDeclare, ActorConnect,
                ActorWatch, ActorKill, ActorAlive, ActorFailed, ActorExiting, Publish, Fulfil,
                Subscribe, FreeObject, HoldObject, HoldActor, HoldBlock, ReleaseObject,
                ReleaseActor, ReleaseBlock, AdoptBlock, ResourcesAsk, RoomAsk, WhyAsk, WhyContinue,
                WaitBegun, WaitOver, NeedsTold, SpillTold, RestoreAsk, MemoryTold, TellUser,
                NameClaim, NameAsk>;

using FromNode =
    MessageList<129, LeaseGrant, LeaseRefused, LeaseRecall, LaneOpen, LaneClose, LaneDead,
                CallCancel, ObjectCancel, CallRunsLong, ExitNow, ActorStart, ActorEnd, ActorLane,
                ActorChanged, ObjectValue, ObjectFreed, ResourcesTold, RoomTold, WhyTold,
                WhyAskMaker, NeedsAsk, SpillAsk, RestoreTold, MemoryAsk, WaitRefused, NameTold>;

}  // namespace manta::detail
