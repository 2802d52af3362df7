// The messages come first; each is one call of the ActorTable and then run_steps(), which carries out what the table
// wants done. Between them: what leasing found (assign, refuse), the death of a process, and settle() after each sweep.
#include "actors.h"

#include <algorithm>
#include <utility>

#include "../wire/actor_payload.h"

namespace manta::detail::node {

using scheduler::ActorPhase;
using scheduler::ActorStep;

namespace {

// What a process is told of a phase. One that ends runs the calls that it has, so it still counts as alive.
ActorState state_of(ActorPhase phase) {
  switch (phase) {
    case ActorPhase::kDead:
      return ActorState::kDead;
    case ActorPhase::kAlive:
    case ActorPhase::kEnding:
      return ActorState::kAlive;
    default:
      return ActorState::kStarting;
  }
}

std::string name_of(const ActorPayload& actor) {
  return actor.name.empty() ? actor.type : actor.name;
}

}  // namespace

Actors::Actors(Peers& peers, Lanes& lanes, Callbacks callbacks)
    : peers_(peers), lanes_(lanes), callbacks_(std::move(callbacks)) {}

// The process in which its constructor runs: whoever needs the actor needs what that process waits for.
std::optional<rpc::Slot> Actors::constructed_at(ActorId id) const {
  const auto* const actor = table_.find(id);
  if (actor == nullptr || actor->phase != ActorPhase::kStarting) return std::nullopt;
  return static_cast<rpc::Slot>(actor->worker);
}

// Its constructor's arguments have yet to arrive at its creator: it has no worker before ActorCreate, but others may
// have handles, connect, and hear of its end.
void Actors::on(rpc::Slot from, const ActorDeclare& declare, PayloadBytes payload) {
  const auto actor = decode_actor(payload);
  if (!actor) return;
  note_start(declare.actor, {.declared_only = true,
                             .creator = from,
                             .name = name_of(*actor),
                             .detached = actor->detached});
  run_steps();
}

void Actors::on(rpc::Slot from, const ActorCreate& create, PayloadBytes payload) {
  const auto actor = decode_actor(payload);
  if (!actor) return;
  const bool wanted = note_start(create.actor, {.creator = from,
                                                .payload = {payload.begin(), payload.end()},
                                                .name = name_of(*actor),
                                                .detached = actor->detached});
  if (wanted) callbacks_.want_worker(create.actor, from, actor->cpus, actor->shape);
  run_steps();
}

// After ActorDeclare it is pending already, and now wants its worker. One that was killed or refused meanwhile is dead,
// and wants none.
bool Actors::note_start(ActorId id, Start start) {
  const rpc::Slot creator = start.creator;
  const auto life = start.detached ? scheduler::ActorTable::Life::kDetached
                                   : scheduler::ActorTable::Life::kCounted;
  start.job = peers_.job(creator);
  starts_[id] = std::move(start);
  if (table_.create(id, creator, life)) return true;
  const scheduler::ActorTable::Actor* actor = table_.find(id);
  return actor != nullptr && actor->phase == ActorPhase::kPending;
}

void Actors::on(rpc::Slot from, const ActorConnect& connect) {
  table_.connect(connect.actor, from);
  run_steps();
}

void Actors::on(rpc::Slot from, const ActorWatch& watch) {
  table_.watch(watch.actor, from);
  run_steps();
}

// The cause is noted before its process ends, so that nobody is told of a crash.
void Actors::on(rpc::Slot, const ActorKill& kill) {
  table_.kill(kill.actor,
              error_wire(ErrorKind::kActorDied,
                         describe(kill.actor) + " died: it was killed by ActorHandle::kill()"));
  run_steps();
}

void Actors::on(rpc::Slot, const ActorAlive& alive) {
  table_.alive(alive.actor);
  run_steps();
}

// The worker then ends itself. In a local session no process ends with the actor, so that its end is said here.
void Actors::on(rpc::Slot from, const ActorFailed& failed, PayloadBytes error) {
  table_.failed(failed.actor, {error.begin(), error.end()});
  if (from == rpc::kDriverSlot) table_.ended(failed.actor);  // a local session
  run_steps();
}

void Actors::on(rpc::Slot from, const ActorExiting& exiting) {
  table_.exiting(exiting.actor);
  if (from == rpc::kDriverSlot) table_.ended(exiting.actor);  // a local session
  run_steps();
}

// Sent by whoever hands a handle to another process, which may have died meanwhile: the dead hold nothing. The node
// holds what lies in published values.
void Actors::on(rpc::Slot, const HoldActor& hold) {
  if (hold.whose == rpc::kNodeSlot || peers_.live(hold.whose)) {
    table_.add_holds(hold.actor, hold.whose, 1);
  }
  run_steps();
}

void Actors::on(rpc::Slot from, const ReleaseActor& release) {
  table_.add_holds(release.actor, from, -std::int64_t{release.count});
  run_steps();
}

// The worker gets the constructor's call before anything that the table's steps send to it: its ring keeps the order.
void Actors::assign(ActorId id, rpc::Slot worker) {
  Start& start = starts_.at(id);
  workers_[worker] = id;
  peers_.send(worker, ActorStart{.actor = id}, std::exchange(start.payload, {}));
  if (worker != rpc::kDriverSlot) callbacks_.name_worker(worker, start.name);
  table_.assign(id, worker);
  run_steps();
}

void Actors::refuse(ActorId id, ErrorKind kind, const std::string& why) {
  table_.refuse(id, error_wire(kind, describe(id) + " was not started: " + why));
  run_steps();
}

// No run_steps(): it is called inside the handling of other messages. A count never has a step at once, only after a
// sweep.
void Actors::hold(ActorId id, rpc::Slot whose, std::int64_t count) {
  table_.add_holds(id, whose, count);
  for (const ActorId actor : table_.take_unsettled()) new_.push_back(actor);
}

// Then its end is no crash, and nobody is told of one.
bool Actors::expects_exit(rpc::Slot worker) const {
  const auto entry = workers_.find(worker);
  if (entry == workers_.end()) return false;
  const scheduler::ActorTable::Actor* actor = table_.find(entry->second);
  return actor == nullptr || actor->kill_asked || actor->phase == ActorPhase::kEnding ||
         actor->phase == ActorPhase::kDead;
}

// As a caller it gets no lane and no news any more. Its handles stay counted until release_all(), since what it called
// may still run. As a creator it makes nothing of what it has only declared. As a worker it takes its actor with it.
void Actors::process_died(rpc::Slot slot, const DeathReport& death) {
  table_.disconnect(slot);
  refuse_declared_by(slot, death);
  if (const auto entry = workers_.find(slot); entry != workers_.end()) {
    const ActorId id = entry->second;
    workers_.erase(entry);
    table_.worker_gone(slot, [&] {
      ErrorRecord error;
      error.kind = ErrorKind::kActorDied;
      error.pid = death.pid;
      error.signal = death.signal;
      error.message = describe(id) + " died: " + full_text(death);
      error.stack = death.stack;
      return error_wire(error);
    });
  }
  run_steps();
}

// The constructors' arguments of these actors were to come from the dead process.
void Actors::refuse_declared_by(rpc::Slot dead, const DeathReport& death) {
  for (const auto& [id, start] : starts_) {
    if (start.creator != dead || !start.declared_only) continue;
    table_.refuse(
        id, error_wire(ErrorKind::kActorDied,
                       describe(id) + " was not started: the process that made it died " +
                           "before the constructor's arguments were there: " + full_text(death)));
  }
}

void Actors::release_all(rpc::Slot dead) {
  table_.strike(dead);
  run_steps();
}

// Until the actor is alive or dead.
bool Actors::needs_arguments_of(rpc::Slot dead) const {
  return std::ranges::any_of(starts_, [&](const auto& item) {
    if (item.second.creator != dead) return false;
    const scheduler::ActorTable::Actor* actor = table_.find(item.first);
    return actor != nullptr &&
           (actor->phase == ActorPhase::kPending || actor->phase == ActorPhase::kStarting);
  });
}

// Decision 003: what was counted before a sweep of all rings began has all its holders once the sweep has ended. What
// comes meanwhile waits for the next one.
void Actors::begin_sweep() { sweeping_ = std::exchange(new_, {}); }

// Those that nobody holds end; those that nobody has created are answered as dead; what was known of their start goes.
void Actors::settle() {
  if (sweeping_.empty()) return answer_put_off();
  for (const ActorId id : std::exchange(sweeping_, {})) {
    table_.settle(id, error_wire(ErrorKind::kActorDied,
                                 "actor " + id.hex() +
                                     " is not known to its node: its last handle was dropped"));
    if (table_.find(id) != nullptr) continue;
    starts_.erase(id);
    names_.remove(id);
  }
  run_steps();
  answer_put_off();
}

// Carrying out a step may add others, whose turn comes after all that are there.
void Actors::run_steps() {
  while (!table_.steps().empty()) {
    for (const ActorStep& step : std::exchange(table_.steps(), {})) {
      const scheduler::ActorTable::Actor* actor = table_.find(step.actor);
      const rpc::Slot worker = actor == nullptr ? rpc::Slot{0} : actor->worker;
      switch (step.kind) {
        case ActorStep::Kind::kAnnounce:
          announce(step.actor, step.process);
          break;
        case ActorStep::Kind::kConnect:
          connect(step.actor, step.process);
          break;
        case ActorStep::Kind::kEnd:
          peers_.send(worker, ActorEnd{.actor = step.actor});
          break;
        case ActorStep::Kind::kKill:
          if (worker == rpc::kDriverSlot) {  // a local session: it ends after what it runs
            peers_.send(worker, ActorEnd{.actor = step.actor, .killed = ActorEnd::Killed::kYes});
          } else {
            callbacks_.kill_worker(worker);
          }
          break;
        case ActorStep::Kind::kWithdraw:
          callbacks_.withdraw(step.actor);
          break;
      }
    }
  }
  for (const ActorId actor : table_.take_unsettled()) new_.push_back(actor);
}

void Actors::announce(ActorId id, rpc::Slot to) {
  const scheduler::ActorTable::Actor* actor = table_.find(id);
  if (actor == nullptr) return;
  peers_.send(to, ActorChanged{.actor = id, .state = state_of(actor->phase)}, actor->cause);
}

void Actors::connect(ActorId id, rpc::Slot caller) {
  const rpc::Slot worker = table_.find(id)->worker;
  const std::optional<std::uint32_t> lane = lanes_.open(caller, worker, LaneKind::kActor, id);
  if (!lane) return;  // all lanes are in use: the caller waits on, and hears of the actor's end
  peers_.send(caller, ActorLane{.actor = id, .lane = *lane, .worker = worker});
}

// For messages. An actor that this node has not seen the start of has no name.
std::string Actors::describe(ActorId id) const {
  const auto start = starts_.find(id);
  return "actor " +
         (start == starts_.end() ? id.hex() : start->second.name + " (" + id.hex() + ")");
}

}  // namespace manta::detail::node
