// In this order: a call's way to its actor (submit, watch, pump, receive); the actor's creation; questions; what the
// node says: lanes, changes, deaths; and how calls fail.
#include "actor_sender.h"

#include <algorithm>
#include <iterator>

#include "../ownership/arrivals.h"
#include "cancelled_error.h"

namespace manta::detail {
namespace {

constexpr std::size_t kMaxInFlight = 4096;

// What calls of an actor fail with that ended as it should.
Value normal_end() {
  return value_of(
      error_of(ErrorKind::kActorDied,
               "the actor has ended: it called exit_actor() or its last handle is gone"));
}

}  // namespace

void ActorSender::submit(base::Ref<Call> call) {
  const ActorEntry& actor = *call->actor();
  if (actor.phase >= ActorPhase::kEnded) return fail_call(*call, actor.death);
  links_[actor.id()].queue.push_back(std::move(call));
}

void ActorSender::watch(ActorEntry& entry) {
  if (entry.watched) return;
  entry.watched = true;
  auto& link = links_[entry.id()];
  const bool known = link.told != ActorState::kStarting;
  if (known) apply(entry, link);
  if (entry.phase >= ActorPhase::kEnded || (known && link.lane)) return;
  // Known to be alive, and no lane: the node tells it to all that hold the actor, asked or not.
  if (link.connecting) {
    return;  // else the node says how it is, also if there is a lane of an earlier handle
  }
  link.connecting = true;
  caller_.node().send(ActorConnect{.actor = entry.id()});
}

void ActorSender::watch_end(ActorEntry& entry) {
  watch(entry);
  if (entry.phase >= ActorPhase::kEnded) return;
  const auto [found, fresh] = watched_.try_emplace(entry.id());
  Watched& watched = found->second;
  if (std::find(watched.ended.begin(), watched.ended.end(), entry.ended()) != watched.ended.end()) {
    return;
  }
  watched.ready.push_back(entry.ready());
  watched.ended.push_back(entry.ended());
  if (!fresh) return;
  caller_.node().send(ActorWatch{.actor = entry.id()});
}

// `error`: of an actor that died; null after a normal end.
void ActorSender::tell_watched(const ActorId& id, ActorState state, const Value* error) {
  const auto found = watched_.find(id);
  if (found == watched_.end()) return;
  if (state == ActorState::kAlive) {
    for (const auto& ready : found->second.ready) caller_.completion().finish(*ready, Value());
    return;
  }
  const Watched watched = std::move(found->second);
  watched_.erase(found);
  const Value death = error != nullptr ? copy_of(*error) : normal_end();
  for (const auto& ready : watched.ready) caller_.completion().fail(*ready, death);
  for (const auto& ended : watched.ended) {
    caller_.completion().finish(*ended, error != nullptr ? copy_of(*error) : Value());
  }
}

void ActorSender::pump(Link& link) {
  if (link.queue.empty()) return;
  if (!link.lane) {
    watch(*link.queue.front()->actor());
    return;
  }
  while (!link.queue.empty() && link.lane->in_flight() < kMaxInFlight) {
    base::Ref<Call>& call = link.queue.front();
    if (call->missing() != 0) break;
    if (const auto error = caller_.completion().make_ready(*call)) {
      const base::Ref<Call> failed = std::move(call);
      link.queue.pop_front();
      forget_dropped(link);
      caller_.completion().fail(*failed, *error);
      continue;
    }
    if (!link.lane->write(*call)) break;
    link.lane->keep(std::move(call));
    link.queue.pop_front();
    forget_dropped(link);
  }
  link.lane->ring();
}

// What a method has answered says that the constructor has returned, too, perhaps before the node does.
bool ActorSender::receive(Link& link) {
  if (!link.lane) return false;
  bool answered = false;
  const bool any = link.lane->receive(
      [&](const base::Ref<Call>& call, const ReplyFrame& frame, std::span<const std::byte> rest) {
        if (frame.status == ReplyStatus::kDropped) {
          return fail_call(*call, cancelled_error(*call, "it had not begun"));
        }
        answered = true;
        if (frame.status == ReplyStatus::kItem) {
          return caller_.take_item(*link.lane, *call, frame, rest);
        }
        caller_.completion().complete(*call, frame, rest);
      });
  if (answered && link.constructing) {
    link.constructor = nullptr;
    link.constructing = nullptr;
  }
  return any;
}

bool ActorSender::poll() {
  bool any = false;
  for (auto& [id, link] : links_) any |= receive(link);
  return any;
}

bool ActorSender::pending() const {
  for (const auto& [id, link] : links_) {
    if (link.lane && link.lane->pending()) return true;
  }
  return false;
}

void ActorSender::flush() {
  for (auto& [id, link] : links_) pump(link);
}

void ActorSender::forget(const ActorId& id) {
  if (entries_.find(id)) return;  // a new handle arrived meanwhile
  const auto found = links_.find(id);
  if (found == links_.end()) return;
  if (found->second.lane) {
    caller_.close_lane(found->second.lane->index(), found->second.lane->callee());
  }
  links_.erase(found);
}

void ActorSender::waits_for_arguments(const ActorEntry& entry, const Call& constructor) {
  links_[entry.id()].incomplete = &constructor;
}

void ActorSender::ended_before_start(const ActorEntry& entry) {
  if (const auto link = links_.find(entry.id()); link != links_.end()) {
    link->second.incomplete = nullptr;
  }
}

void ActorSender::created(ActorEntry& entry, base::Ref<Call> constructor) {
  auto& link = links_[entry.id()];
  link.incomplete = nullptr;
  link.constructor = std::move(constructor);
  link.constructing = base::Ref<ActorEntry>::retain(&entry);
  watch(entry);
}

void ActorSender::die_before_start(ActorEntry& entry, const Value& error, bool declared) {
  ended_before_start(entry);
  entry.phase = ActorPhase::kDead;
  entry.death = copy_of(error);
  if (declared) {
    caller_.node().send(ActorFailed{.actor = entry.id()},
                        error_wire_within(record_of(error), kMaxInlineValue));
  } else {
    entry.node_holds = 0;  // the node never heard of it
  }
  die(entry, entry.death);
}

bool ActorSender::active() const {
  return std::any_of(links_.begin(), links_.end(), [](const auto& item) {
    const Link& link = item.second;
    return !link.lost.empty() || (link.lane && link.lane->in_flight() != 0) ||
           (!link.queue.empty() && link.queue.front()->missing() == 0);
  });
}

const CallLane* ActorSender::lane_of(const Call& call) const {
  const auto found = call.actor() != nullptr ? links_.find(call.actor()->id()) : links_.end();
  if (found == links_.end() || !found->second.lane) return nullptr;
  return found->second.lane->carries(call) ? found->second.lane.get() : nullptr;
}

ActorSender::Line ActorSender::line_to(const ActorId& id) const {
  const auto found = links_.find(id);
  if (found == links_.end()) return {};
  const Link& link = found->second;
  return {link.incomplete, link.queue.empty() ? nullptr : link.queue.front().get(),
          link.lane.get()};
}

std::string ActorSender::why(const ObjectEntry& entry) {
  if (const auto actor = entries_.find(actor_of_ready(entry.id()));
      actor && actor->ready().get() == &entry) {
    return " is ready() of actor " + actor->id().hex() + ", which is starting";
  }
  const ActorId of_ended = actor_of_ended(entry.id());
  const auto actor = entries_.find(of_ended);
  const auto told = watched_.find(of_ended);
  const bool known = actor ? actor->ended().get() == &entry : told != watched_.end();
  if (!known) return {};
  const bool alive = (actor ? actor->ready() : told->second.ready.front())->done();
  return " is ended() of actor " + of_ended.hex() + ", which is " + (alive ? "alive" : "starting");
}

void ActorSender::on(const ActorLane& told) {
  const auto entry = entries_.find(told.actor);
  auto found = links_.find(told.actor);
  // The last handle went while we asked.
  if (!entry || found == links_.end() || found->second.lane) {
    if (found != links_.end()) found->second.connecting = false;
    caller_.close_lane(told.lane, told.worker);
    return;
  }
  found->second.connecting = false;
  found->second.lane = std::make_unique<CallLane>(caller_.lane_to(told.worker, told.lane));
}

void ActorSender::fail_link(Link& link, const Value& error) {
  take_back(link);
  for (const auto& call : std::exchange(link.lost, {})) fail_call(*call, error);
  for (const auto& call : std::exchange(link.queue, {})) fail_call(*call, error);
}

void ActorSender::take_back(Link& link) {
  if (link.lane) keep_lost(link, link.lane->take_unfinished());
}

void ActorSender::keep_lost(Link& link, CallLane::Unfinished unfinished) {
  if (unfinished.begun) link.lost.push_back(std::move(unfinished.begun));
  std::move(unfinished.others.begin(), unfinished.others.end(), std::back_inserter(link.lost));
}

void ActorSender::fail_call(Call& call, const Value& error) {
  caller_.completion().fail(call, error);
  call.abandon();
  call.forget_actor();
}

// It stays in the queue until it is the first: what was dropped before the others is never sent.
void ActorSender::drop(Call& call, const Value& error) {
  const auto keep = base::Ref<ActorEntry>::retain(call.actor());
  fail_call(call, error);
  if (const auto found = links_.find(keep->id()); found != links_.end()) {
    forget_dropped(found->second);
  }
}

void ActorSender::forget_dropped(Link& link) {
  while (!link.queue.empty() && link.queue.front()->abandoned()) link.queue.pop_front();
}

// Its phase says how it ended: all calls hold the error, and so does ended(), but after a normal end.
void ActorSender::die(ActorEntry& entry, const Value& error) {
  const auto keep = base::Ref<ActorEntry>::retain(&entry);  // the calls may hold the last handles
  if (const auto found = links_.find(entry.id()); found != links_.end()) {
    receive(found->second);  // what it answered before
    fail_link(found->second, error);
  }
  caller_.completion().fail(*entry.ready(), error);  // if it is pending
  caller_.completion().finish(*entry.ended(),
                              entry.phase == ActorPhase::kEnded ? Value() : copy_of(error));
}

void ActorSender::on(const ActorChanged& change, PayloadBytes error) {
  const auto& [id, state] = change;
  if (state == ActorState::kStarting) return;
  const bool normal = error.empty();
  Value death;
  if (state == ActorState::kDead) {
    death =
        normal ? normal_end() : read_value(caller_.ownership(), WireReader(error), Arrival::kHeld);
  }
  const auto entry = entries_.find(id);
  const auto found = links_.find(id);
  base::Ref<ActorEntry> constructed;  // let go of at the end
  if (found != links_.end()) {
    Link& link = found->second;
    link.constructor = nullptr;
    constructed = std::move(link.constructing);
    link.told = state;
    if (state == ActorState::kDead) {
      link.death = copy_of(death);
      if (link.lane) link.lane->callee_died();
    }
  }
  if (!entry || entry->phase >= ActorPhase::kEnded) {
    return tell_watched(id, state, normal ? nullptr : &death);
  }
  if (state == ActorState::kAlive) {
    become_alive(*entry);
    return tell_watched(id, state, nullptr);
  }
  entry->phase = normal ? ActorPhase::kEnded : ActorPhase::kDead;
  entry->death = std::move(death);
  die(*entry, entry->death);
  tell_watched(id, state, normal ? nullptr : &entry->death);
}

void ActorSender::become_alive(ActorEntry& entry) {
  entry.phase = ActorPhase::kAlive;
  if (!entry.ready()->done()) caller_.completion().finish(*entry.ready(), Value());
}

// What the node told an earlier handle of this process.
void ActorSender::apply(ActorEntry& entry, const Link& link) {
  if (entry.phase >= ActorPhase::kEnded) return;
  if (link.told == ActorState::kAlive) return become_alive(entry);
  entry.phase = ActorPhase::kDead;
  entry.death = copy_of(link.death);
  die(entry, entry.death);
}

bool ActorSender::on(const LaneDead& dead, const DeathReport& death) {
  for (auto& [id, link] : links_) {
    if (!link.lane || link.lane->index() != dead.lane) continue;
    link.lane->callee_died();
    receive(link);
    caller_.take_back_holds(*link.lane, dead);
    auto unfinished = link.lane->take_unfinished();
    link.lane.reset();
    const base::Ref<Call> wrote = wrote_to_read_only(death) ? std::move(unfinished.begun) : nullptr;
    keep_lost(link, std::move(unfinished));
    if (wrote) {  // an error of that call alone; the others fail with the actor
      fail_call(*wrote, value_of(crash_error(death, wrote->display_name(), wrote->attempt, 0,
                                             caller_.attachment().node)));
    }
    // The state of the actor, which follows, says what they fail with; if it came before, they fail
    // now.
    if (link.told == ActorState::kDead) fail_link(link, link.death);
    return true;
  }
  return false;
}

void ActorSender::fail_all(const Value& error) {
  std::vector<base::Ref<ActorEntry>> alive;
  for (auto& [id, link] : links_) {
    link.constructor = nullptr;
    if (link.constructing) alive.push_back(std::move(link.constructing));
  }
  for (auto& entry : entries_.all()) alive.push_back(std::move(entry));
  for (const auto& entry : alive) {
    if (entry->phase >= ActorPhase::kEnded) continue;
    entry->phase = ActorPhase::kDead;
    entry->death = copy_of(error);
    die(*entry, entry->death);
  }
  for (auto& [id, link] : links_) {
    fail_link(link, error);
    link.lane.reset();  // an answer that still comes finds nobody
  }
  while (!watched_.empty()) tell_watched(watched_.begin()->first, ActorState::kDead, &error);
}

}  // namespace manta::detail
