// In the order of an actor's life, as the header draws it: create() to kill(); then the lanes to it, its holders, and
// at the end settle(), which decides when an actor that nobody holds is gone.
#include "actor_table.h"

#include <algorithm>

#include "../base/check.h"

namespace manta::scheduler {
namespace {

void add_once(std::vector<ProcessSlot>& list, ProcessSlot process) {
  if (std::ranges::find(list, process) == list.end()) list.push_back(process);
}

}  // namespace

void ActorTable::step(ActorStep::Kind kind, ActorId id, ProcessSlot process) {
  steps_.push_back({.kind = kind, .actor = id, .process = process});
}

void ActorTable::announce(ActorId id, const Actor& actor) {
  for (const ProcessSlot process : actor.watching) step(ActorStep::Kind::kAnnounce, id, process);
  actor.holders.for_each([&](ProcessSlot process) {
    if (std::ranges::find(actor.watching, process) == actor.watching.end()) {
      step(ActorStep::Kind::kAnnounce, id, process);
    }
  });
}

// Whoever asked before is told only that the actor exists: lanes are opened when it has a worker.
bool ActorTable::create(ActorId id, ProcessSlot creator, Life life) {
  Actor& actor = actors_[id];
  if (actor.phase != ActorPhase::kUnknown) return false;
  actor.phase = ActorPhase::kPending;
  actor.detached = life == Life::kDetached;
  actor.holders.add(creator, 1);
  for (const ProcessSlot process : actor.connecting) {
    step(ActorStep::Kind::kAnnounce, id, process);
  }
  if (actor.holders.unused()) unsettled_.push_back(id);
  return true;
}

// From now on calls may be sent, although the constructor still runs: the worker keeps them in order.
void ActorTable::assign(ActorId id, ProcessSlot worker) {
  Actor& actor = actors_.at(id);
  base::check(actor.phase == ActorPhase::kPending, "an actor gets one worker");
  actor.phase = ActorPhase::kStarting;
  actor.worker = worker;
  workers_[worker] = id;
  for (const ProcessSlot process : actor.connecting) step(ActorStep::Kind::kConnect, id, process);
  actor.connecting.clear();
  if (actor.unheld) step(ActorStep::Kind::kEnd, id);
}

void ActorTable::alive(ActorId id) {
  const auto entry = actors_.find(id);
  if (entry == actors_.end() || entry->second.phase != ActorPhase::kStarting) return;
  entry->second.phase = ActorPhase::kAlive;
  announce(id, entry->second);
}

// All that hold it or watch it are told. The record goes when the last of them lets go of it.
void ActorTable::die(ActorId id, Actor& actor, Bytes cause) {
  if (actor.phase == ActorPhase::kDead) return;
  actor.phase = ActorPhase::kDead;
  actor.cause = std::move(cause);
  actor.connecting.clear();
  announce(id, actor);
  actor.watching.clear();
  if (actor.holders.unused()) unsettled_.push_back(id);
}

void ActorTable::failed(ActorId id, Bytes cause) {
  const auto entry = actors_.find(id);
  if (entry != actors_.end()) die(id, entry->second, std::move(cause));
}

void ActorTable::refuse(ActorId id, Bytes cause) { failed(id, std::move(cause)); }

void ActorTable::exiting(ActorId id) {
  const auto entry = actors_.find(id);
  if (entry == actors_.end() || entry->second.phase == ActorPhase::kDead) return;
  entry->second.phase = ActorPhase::kEnding;
}

void ActorTable::kill(ActorId id, Bytes cause) {
  const auto entry = actors_.find(id);
  if (entry == actors_.end()) return;
  Actor& actor = entry->second;
  switch (actor.phase) {
    case ActorPhase::kUnknown:  // its creation is on a ring that was not read yet
    case ActorPhase::kPending:
      step(ActorStep::Kind::kWithdraw, id);
      die(id, actor, std::move(cause));
      break;
    case ActorPhase::kStarting:
    case ActorPhase::kAlive:
    case ActorPhase::kEnding:
      actor.kill_asked = true;
      actor.cause = std::move(cause);
      step(ActorStep::Kind::kKill, id);
      break;
    case ActorPhase::kDead:
      break;
  }
}

void ActorTable::connect(ActorId id, ProcessSlot process) {
  const auto [entry, fresh] = actors_.try_emplace(id);
  Actor& actor = entry->second;
  if (fresh) unsettled_.push_back(id);
  // The process may hold nothing that is counted: a handle that was lent to it for a call.
  if (actor.phase != ActorPhase::kDead) add_once(actor.watching, process);
  switch (actor.phase) {
    case ActorPhase::kUnknown:
      actor.connecting.push_back(process);
      break;
    case ActorPhase::kPending:
      actor.connecting.push_back(process);
      step(ActorStep::Kind::kAnnounce, id, process);
      break;
    case ActorPhase::kStarting:
    case ActorPhase::kAlive:
      step(ActorStep::Kind::kAnnounce, id, process);
      step(ActorStep::Kind::kConnect, id, process);
      break;
    case ActorPhase::kEnding:
      actor.connecting.push_back(process);  // it will be told of the death
      break;
    case ActorPhase::kDead:
      step(ActorStep::Kind::kAnnounce, id, process);
      break;
  }
}

void ActorTable::watch(ActorId id, ProcessSlot process) {
  const auto [entry, fresh] = actors_.try_emplace(id);
  if (fresh) unsettled_.push_back(id);
  Actor& actor = entry->second;
  if (actor.phase == ActorPhase::kAlive || actor.phase == ActorPhase::kDead) {
    step(ActorStep::Kind::kAnnounce, id, process);
  }
  if (actor.phase != ActorPhase::kDead) add_once(actor.watching, process);
}

void ActorTable::ended(ActorId id) {
  const auto entry = actors_.find(id);
  if (entry == actors_.end()) return;
  Actor& actor = entry->second;
  if (actor.phase != ActorPhase::kDead) die(id, actor, std::exchange(actor.cause, {}));
  const auto worker = workers_.find(actor.worker);
  if (worker == workers_.end() || worker->second != id) return;  // it has had another since
  workers_.erase(worker);
  if (actor.holders.unused()) unsettled_.push_back(id);
}

void ActorTable::worker_gone(ProcessSlot worker, const std::function<Bytes()>& crash_cause) {
  const auto entry = workers_.find(worker);
  if (entry == workers_.end()) return;
  const ActorId id = entry->second;
  workers_.erase(entry);
  Actor& actor = actors_.at(id);
  if (actor.phase == ActorPhase::kDead) {  // since failed()
    if (actor.holders.unused()) unsettled_.push_back(id);
    return;
  }
  Bytes cause;
  if (actor.kill_asked) {
    cause = std::move(actor.cause);
  } else if (actor.phase != ActorPhase::kEnding) {
    cause = crash_cause();
  }
  die(id, actor, std::move(cause));
}

void ActorTable::add_holds(ActorId id, ProcessSlot process, std::int64_t count) {
  const auto [entry, fresh] = actors_.try_emplace(id);
  entry->second.holders.add(process, count);
  if (fresh || entry->second.holders.unused()) unsettled_.push_back(id);
}

void ActorTable::disconnect(ProcessSlot process) {
  for (auto& [id, actor] : actors_) {
    std::erase(actor.connecting, process);
    std::erase(actor.watching, process);
  }
}

void ActorTable::strike(ProcessSlot process) {
  for (auto& [id, actor] : actors_) {
    if (actor.holders.strike(process) && actor.holders.unused()) unsettled_.push_back(id);
  }
}

std::vector<ActorId> ActorTable::take_unsettled() { return std::exchange(unsettled_, {}); }

// A pending actor that was called still runs those calls: it gets its worker, and ends with it.
void ActorTable::settle(ActorId id, const Bytes& unknown_cause) {
  const auto entry = actors_.find(id);
  if (entry == actors_.end()) return;
  Actor& actor = entry->second;
  if (actor.phase == ActorPhase::kUnknown) {
    die(id, actor, unknown_cause);
  }
  if (!actor.holders.unused() || (actor.detached && actor.phase != ActorPhase::kDead)) return;
  switch (actor.phase) {
    case ActorPhase::kPending:
      actor.unheld = true;
      if (actor.connecting.empty()) {  // nobody has called it, and nobody can any more
        step(ActorStep::Kind::kWithdraw, id);
        die(id, actor, {});
      }
      break;
    case ActorPhase::kStarting:
    case ActorPhase::kAlive:
      if (!actor.unheld) step(ActorStep::Kind::kEnd, id);
      actor.unheld = true;
      break;
    case ActorPhase::kDead:
      if (!workers_.contains(actor.worker) || workers_.at(actor.worker) != id) actors_.erase(entry);
      break;
    case ActorPhase::kUnknown:
    case ActorPhase::kEnding:
      break;
  }
}

bool ActorTable::lives(ActorId id) const {
  const Actor* const actor = find(id);
  return actor != nullptr && !actor->unheld && !actor->kill_asked &&
         (actor->phase == ActorPhase::kPending || actor->phase == ActorPhase::kStarting ||
          actor->phase == ActorPhase::kAlive);
}

const ActorTable::Actor* ActorTable::find(ActorId id) const {
  const auto entry = actors_.find(id);
  return entry == actors_.end() ? nullptr : &entry->second;
}

}  // namespace manta::scheduler
