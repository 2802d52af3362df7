#include "actors.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "leasing.h"

namespace manta::detail::node {

using scheduler::ActorPhase;
using scheduler::ActorStep;

namespace {

ActorState state_of(ActorPhase phase) {
  switch (phase) {
    case ActorPhase::kDead:
      return ActorState::dead;
    case ActorPhase::kAlive:
    case ActorPhase::kEnding:
      return ActorState::alive;
    default:
      return ActorState::starting;
  }
}

std::size_t padded(std::size_t size) { return (size + 7) & ~std::size_t{7}; }

}  // namespace

Actors::Actors(Peers& peers, Lanes& lanes, Callbacks callbacks)
    : peers_(peers), lanes_(lanes), callbacks_(std::move(callbacks)) {}

std::optional<rpc::Slot> Actors::constructed_at(ActorId id) const {
  const auto* const actor = table_.find(id);
  if (actor == nullptr || actor->phase != ActorPhase::kStarting) return std::nullopt;
  return static_cast<rpc::Slot>(actor->worker);
}

void Actors::handle(rpc::Slot from, const NodeFrame& frame, std::span<const std::byte> payload) {
  const ActorId id(frame.id_hi, frame.id_lo);
  switch (frame.kind) {
    case NodeMessage::actor_declare:
    case NodeMessage::actor_create:
      create(from, id, frame, payload);
      break;
    case NodeMessage::actor_watch:
      table_.watch(id, from);
      break;
    case NodeMessage::actor_connect:
      table_.connect(id, from);
      break;
    case NodeMessage::actor_kill:
      table_.kill(id, error_wire(ErrorKind::actor_died,
                                 describe(id) + " died: it was killed by ActorHandle::kill()"));
      break;
    case NodeMessage::actor_alive:
      table_.alive(id);
      break;
    case NodeMessage::actor_failed:
      table_.failed(id, {payload.begin(), payload.end()});
      break;
    case NodeMessage::actor_exiting:
      table_.exiting(id);
      break;
    case NodeMessage::hold: {
      const auto whose = static_cast<rpc::Slot>(frame.arg1);
      if (whose == rpc::kNodeSlot || peers_.live(whose)) table_.add_holds(id, whose, 1);
      break;
    }
    case NodeMessage::release:
      table_.add_holds(id, from, -static_cast<std::int64_t>(frame.arg1));
      break;
    default:
      base::check(false, "a message about actors");
  }
  run_steps();
}

void Actors::create(rpc::Slot from, ActorId id, const NodeFrame& frame,
                    std::span<const std::byte> payload) {
  ActorCreate head;
  base::check(payload.size() >= sizeof head, "an actor's creation is cut off");
  std::memcpy(&head, payload.data(), sizeof head);
  const std::span<const std::byte> rest = payload.subspan(sizeof head);
  const std::size_t resources = head.resource_count * sizeof(ResourceItem);
  base::check(resources + padded(head.name_size) + head.type_size <= rest.size(),
              "an actor's creation is cut off");
  const auto text = [&](std::size_t at, std::size_t size) {
    return std::string(reinterpret_cast<const char*>(rest.data() + at), size);
  };
  std::string name = text(resources, head.name_size);
  if (name.empty()) name = text(resources + padded(head.name_size), head.type_size);
  starts_[id] = {.frame = frame,
                 .creator = from,
                 .payload = {payload.begin(), payload.end()},
                 .name = std::move(name)};
  const bool fresh = table_.create(id, from);
  if (frame.kind == NodeMessage::actor_declare) return;
  const scheduler::ActorTable::Actor* actor = table_.find(id);
  const bool declared = !fresh && actor != nullptr && actor->phase == ActorPhase::kPending;
  if (fresh || declared)
    callbacks_.want_worker(id, resources_of(frame.real, rest.first(resources)));
}

void Actors::assign(ActorId id, rpc::Slot worker) {
  Start& start = starts_.at(id);
  NodeFrame frame = start.frame;
  frame.kind = NodeMessage::actor_start;
  workers_[worker] = id;
  peers_.send(worker, frame, std::exchange(start.payload, {}));
  callbacks_.name_worker(worker, start.name);
  table_.assign(id, worker);
  run_steps();
}

void Actors::refuse(ActorId id, ErrorKind kind, const std::string& why) {
  table_.refuse(id, error_wire(kind, describe(id) + " was not started: " + why));
  run_steps();
}

void Actors::hold(ActorId id, rpc::Slot whose, std::int64_t count) {
  table_.add_holds(id, whose, count);
  for (const ActorId actor : table_.take_unsettled()) new_.push_back(actor);
}

bool Actors::expects_exit(rpc::Slot worker) const {
  const auto entry = workers_.find(worker);
  if (entry == workers_.end()) return false;
  const scheduler::ActorTable::Actor* actor = table_.find(entry->second);
  return actor == nullptr || actor->kill_asked || actor->phase == ActorPhase::kEnding ||
         actor->phase == ActorPhase::kDead;
}

void Actors::process_died(rpc::Slot slot, const DeathReport& death) {
  table_.disconnect(slot);
  refuse_declared_by(slot, death);
  if (const auto entry = workers_.find(slot); entry != workers_.end()) {
    const ActorId id = entry->second;
    workers_.erase(entry);
    table_.worker_gone(slot, [&] {
      ErrorRecord error;
      error.kind = ErrorKind::actor_died;
      error.pid = death.pid;
      error.signal = death.signal;
      error.message = describe(id) + " died: " + death.text();
      error.stack = death.stack;
      return error_wire(error);
    });
  }
  run_steps();
}

// Their constructors' arguments were to come from it.
void Actors::refuse_declared_by(rpc::Slot dead, const DeathReport& death) {
  for (const auto& [id, start] : starts_) {
    if (start.creator != dead || start.frame.kind != NodeMessage::actor_declare) continue;
    table_.refuse(id,
                  error_wire(ErrorKind::actor_died,
                             describe(id) + " was not started: the process that made it died " +
                                 "before the constructor's arguments were there: " + death.text()));
  }
}

void Actors::release_all(rpc::Slot dead) {
  table_.strike(dead);
  run_steps();
}

bool Actors::needs_arguments_of(rpc::Slot dead) const {
  return std::ranges::any_of(starts_, [&](const auto& item) {
    if (item.second.creator != dead) return false;
    const scheduler::ActorTable::Actor* actor = table_.find(item.first);
    return actor != nullptr &&
           (actor->phase == ActorPhase::kPending || actor->phase == ActorPhase::kStarting);
  });
}

void Actors::begin_sweep() { sweeping_ = std::exchange(new_, {}); }

void Actors::settle() {
  if (sweeping_.empty()) return;
  for (const ActorId id : std::exchange(sweeping_, {})) {
    table_.settle(id, error_wire(ErrorKind::actor_died,
                                 "actor " + id.hex() +
                                     " is not known to its node: its last handle was dropped"));
    if (table_.find(id) == nullptr) starts_.erase(id);
  }
  run_steps();
}

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
          peers_.send(
              worker,
              {.kind = NodeMessage::actor_end, .id_hi = step.actor.hi(), .id_lo = step.actor.lo()});
          break;
        case ActorStep::Kind::kKill:
          callbacks_.kill_worker(worker);
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
  peers_.send(to,
              {.kind = NodeMessage::actor_state,
               .id_hi = id.hi(),
               .id_lo = id.lo(),
               .arg0 = static_cast<std::uint64_t>(state_of(actor->phase))},
              actor->cause);
}

void Actors::connect(ActorId id, rpc::Slot caller) {
  const rpc::Slot worker = table_.find(id)->worker;
  const std::optional<std::uint32_t> lane = lanes_.open(caller, worker, LaneKind::actor);
  if (!lane) return;  // 65,536 lanes in use: it keeps waiting for the actor's end
  peers_.send(caller, {.kind = NodeMessage::actor_lane,
                       .id_hi = id.hi(),
                       .id_lo = id.lo(),
                       .arg0 = *lane,
                       .arg1 = worker});
}

std::string Actors::describe(ActorId id) const {
  const auto start = starts_.find(id);
  return "actor " +
         (start == starts_.end() ? id.hex() : start->second.name + " (" + id.hex() + ")");
}

}  // namespace manta::detail::node
