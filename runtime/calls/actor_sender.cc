#include "actor_sender.h"

#include <algorithm>

#include "../process/process.h"

namespace manta::detail {
namespace {

constexpr std::size_t kMaxInFlight = 4096;

// Asks the holder of the baton to give a lane back, when the last handle went on any thread.
class Forget final : public Command {
 public:
  explicit Forget(ActorId id) : id_(id) {}
  void run(Process& process) override {
    process.actors().forget(id_);
    delete this;
  }

 private:
  ActorId id_;
};

// What calls of an actor fail with that ended as it should.
Value normal_end() {
  return error_value(
      error_wire(ErrorKind::actor_died,
                 "the actor has ended: it called exit_actor() or its last handle is gone"));
}

}  // namespace

ActorEntry::ActorEntry(ActorId id, std::uint32_t session)
    : id_(id),
      session_(session),
      ready_(base::make_ref<ObjectEntry>(ready_id(id))),
      ended_(base::make_ref<ObjectEntry>(ended_id(id))) {
  for (const auto& entry : {ready_, ended_}) {
    entry->session = session;
    entry->mark_seen();  // how an actor ends is told by its calls; nobody must look here
  }
}

ActorEntry::~ActorEntry() {
  const auto process = Process::current_or_null();
  if (!process || process->session() != session_) return;
  process->actors().remove(*this);
  if (node_holds != 0)
    process->node().release(serialization::RefKind::actor, ObjectId(id_.hi(), id_.lo()),
                            node_holds);
  process->submit(new Forget(id_));
}

base::Ref<ActorEntry> ActorSender::find(const ActorId& id) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || !found->second->try_retain()) return {};
  return base::Ref<ActorEntry>::adopt(found->second);
}

base::Ref<ActorEntry> ActorSender::find_or_adopt(const ActorId& id, std::uint32_t session) {
  const std::lock_guard lock(mutex_);
  auto& slot = entries_[id];
  if (slot != nullptr && slot->try_retain()) return base::Ref<ActorEntry>::adopt(slot);
  auto entry = base::make_ref<ActorEntry>(id, session);
  slot = entry.get();
  return entry;
}

void ActorSender::add(ActorEntry& entry) {
  const std::lock_guard lock(mutex_);
  entries_[entry.id()] = &entry;
}

void ActorSender::remove(const ActorEntry& entry) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(entry.id());
  if (found != entries_.end() && found->second == &entry) entries_.erase(found);
}

void ActorSender::submit(Call* call) {
  if (call->actor->phase >= ActorPhase::ended) {
    return fail_call(call, call->actor->death);
  }
  links_[call->actor->id()].queue.push_back(call);
}

void ActorSender::watch(ActorEntry& entry) {
  if (entry.watched) return;
  entry.watched = true;
  auto& link = links_[entry.id()];
  const bool known = link.told != ActorState::starting;
  if (known) apply(entry, link);
  if (entry.phase >= ActorPhase::ended || (known && link.lane)) return;
  // Known to be alive, and no lane: the node tells it to all that hold the actor, asked or not.
  if (link.connecting)
    return;  // else the node says how it is, also if there is a lane of an earlier handle
  link.connecting = true;
  process_.node().send(
      {.kind = NodeMessage::actor_connect, .id_hi = entry.id().hi(), .id_lo = entry.id().lo()});
}

void ActorSender::watch_end(ActorEntry& entry) {
  watch(entry);
  if (entry.phase >= ActorPhase::ended) return;
  const auto [found, fresh] = watched_.try_emplace(entry.id());
  Watched& watched = found->second;
  if (std::find(watched.ended.begin(), watched.ended.end(), entry.ended()) != watched.ended.end())
    return;
  watched.ready.push_back(entry.ready());
  watched.ended.push_back(entry.ended());
  if (!fresh) return;
  process_.node().send(
      {.kind = NodeMessage::actor_watch, .id_hi = entry.id().hi(), .id_lo = entry.id().lo()});
}

// `error`: of an actor that died; null after a normal end.
void ActorSender::tell_watched(const ActorId& id, ActorState state, const Value* error) {
  const auto found = watched_.find(id);
  if (found == watched_.end()) return;
  if (state == ActorState::alive) {
    for (const auto& ready : found->second.ready) process_.finish(*ready, Value());
    return;
  }
  const Watched watched = std::move(found->second);
  watched_.erase(found);
  const Value ended_before = error != nullptr ? Value() : normal_end();
  for (const auto& ready : watched.ready)
    process_.finish(*ready, copy_of(error != nullptr ? *error : ended_before));
  for (const auto& ended : watched.ended)
    process_.finish(*ended, error != nullptr ? copy_of(*error) : Value());
}

void ActorSender::pump(Link& link) {
  if (link.queue.empty()) return;
  if (!link.lane) {
    watch(*link.queue.front()->actor);
    return;
  }
  while (!link.queue.empty() && link.lane->in_flight() < kMaxInFlight) {
    Call* call = link.queue.front();
    if (call->missing != 0) break;
    if (const auto error = process_.make_ready(*call)) {
      link.queue.pop_front();
      process_.fail(*call, *error);
      delete call;
      continue;
    }
    if (!link.lane->send(*call)) break;
    link.queue.pop_front();
  }
  link.lane->ring();
}

bool ActorSender::receive(Link& link) {
  if (!link.lane) return false;
  return link.lane->receive(
      [&](Call& call, const ReplyFrame& frame, std::span<const std::byte> rest) {
        process_.complete(call, frame, rest);
        delete &call;
      });
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
  if (find(id)) return;  // a new handle arrived meanwhile
  const auto found = links_.find(id);
  if (found == links_.end()) return;
  if (found->second.lane) {
    process_.close_lane(found->second.lane->index(), found->second.lane->callee());
  }
  links_.erase(found);
}

void ActorSender::waits_for_arguments(const ActorEntry& entry, const Call& constructor) {
  links_[entry.id()].incomplete = &constructor;
}

void ActorSender::created(ActorEntry& entry, std::unique_ptr<Call> constructor) {
  auto& link = links_[entry.id()];
  link.incomplete = nullptr;
  link.constructor = std::move(constructor);
  link.constructing = base::Ref<ActorEntry>::retain(&entry);
  watch(entry);
}

void ActorSender::die_before_start(ActorEntry& entry, const ErrorRecord& error, bool declared) {
  if (const auto link = links_.find(entry.id()); link != links_.end())
    link->second.incomplete = nullptr;
  entry.phase = ActorPhase::dead;
  entry.death = value_of(error);
  if (declared) {
    process_.node().send(
        {.kind = NodeMessage::actor_failed, .id_hi = entry.id().hi(), .id_lo = entry.id().lo()},
        error_wire_within(error, kMaxInlineValue));
  } else {
    entry.node_holds = 0;  // the node never heard of it
  }
  die(entry, entry.death);
}

bool ActorSender::active() const {
  return std::any_of(links_.begin(), links_.end(), [](const auto& item) {
    const Link& link = item.second;
    return !link.lost.empty() || (link.lane && link.lane->in_flight() != 0) ||
           (!link.queue.empty() && link.queue.front()->missing == 0);
  });
}

const CallLane* ActorSender::lane_of(const Call& call) const {
  const auto found = call.actor ? links_.find(call.actor->id()) : links_.end();
  if (found == links_.end() || !found->second.lane) return nullptr;
  return found->second.lane->carries(call) ? found->second.lane.get() : nullptr;
}

ActorSender::Line ActorSender::line_to(const ActorId& id) const {
  const auto found = links_.find(id);
  if (found == links_.end()) return {};
  const Link& link = found->second;
  return {link.incomplete, link.queue.empty() ? nullptr : link.queue.front(), link.lane.get()};
}

std::string ActorSender::why(const ObjectEntry& entry) {
  if (const auto actor = find(actor_of_ready(entry.id())); actor && actor->ready().get() == &entry)
    return " is ready() of actor " + actor->id().hex() + ", which is starting";
  const ActorId of_ended = actor_of_ended(entry.id());
  const auto actor = find(of_ended);
  const auto told = watched_.find(of_ended);
  const bool known = actor ? actor->ended().get() == &entry : told != watched_.end();
  if (!known) return {};
  const bool alive = (actor ? actor->ready() : told->second.ready.front())->done();
  return " is ended() of actor " + of_ended.hex() + ", which is " + (alive ? "alive" : "starting");
}

void ActorSender::on_lane(const ActorId& id, std::uint32_t lane, rpc::Slot worker) {
  const auto entry = find(id);
  auto found = links_.find(id);
  if (!entry || found == links_.end() ||
      found->second.lane) {  // the last handle went while we asked
    if (found != links_.end()) found->second.connecting = false;
    process_.close_lane(lane, worker);
    return;
  }
  found->second.connecting = false;
  found->second.lane = std::make_unique<CallLane>(process_.control(), lane, worker);
}

void ActorSender::fail_link(Link& link, const Value& error) {
  take_back(link);
  for (Call* call : std::exchange(link.lost, {})) fail_call(call, error);
  for (Call* call : std::exchange(link.queue, {})) fail_call(call, error);
}

void ActorSender::take_back(Link& link) {
  if (link.lane) keep_lost(link, link.lane->take_unfinished());
}

void ActorSender::keep_lost(Link& link, const CallLane::Unfinished& unfinished) {
  if (unfinished.begun != nullptr) link.lost.push_back(unfinished.begun);
  link.lost.insert(link.lost.end(), unfinished.others.begin(), unfinished.others.end());
}

void ActorSender::fail_call(Call* call, const Value& error) {
  process_.fail_with(*call, error);
  call->abandoned = true;
  call->actor = {};
  if (call->missing == 0) delete call;  // else an entry knows it still
}

// Its phase says how it ended: all calls hold the error, and so does ended(), but after a normal end.
void ActorSender::die(ActorEntry& entry, const Value& error) {
  const auto keep = base::Ref<ActorEntry>::retain(&entry);  // the calls may hold the last handles
  if (const auto found = links_.find(entry.id()); found != links_.end()) {
    receive(found->second);  // what it answered before
    fail_link(found->second, error);
  }
  if (!entry.ready()->done()) process_.finish(*entry.ready(), copy_of(error));
  process_.finish(*entry.ended(), entry.phase == ActorPhase::ended ? Value() : copy_of(error));
}

void ActorSender::on_state(const ActorId& id, ActorState state, std::span<const std::byte> error) {
  if (state == ActorState::starting) return;
  const bool normal = error.empty();
  Value death;
  if (state == ActorState::dead) {
    death = normal ? normal_end() : read_value(process_, WireReader(error), Arrival::held);
  }
  const auto entry = find(id);
  const auto found = links_.find(id);
  base::Ref<ActorEntry> constructed;  // let go of at the end
  if (found != links_.end()) {
    Link& link = found->second;
    link.constructor.reset();
    constructed = std::move(link.constructing);
    link.told = state;
    if (state == ActorState::dead) {
      link.death = copy_of(death);
      if (link.lane) link.lane->callee_died();
    }
  }
  if (!entry || entry->phase >= ActorPhase::ended) {
    return tell_watched(id, state, normal ? nullptr : &death);
  }
  if (state == ActorState::alive) {
    become_alive(*entry);
    return tell_watched(id, state, nullptr);
  }
  entry->phase = normal ? ActorPhase::ended : ActorPhase::dead;
  entry->death = std::move(death);
  die(*entry, entry->death);
  tell_watched(id, state, normal ? nullptr : &entry->death);
}

void ActorSender::become_alive(ActorEntry& entry) {
  entry.phase = ActorPhase::alive;
  if (!entry.ready()->done()) process_.finish(*entry.ready(), Value());
}

// What the node told an earlier handle of this process.
void ActorSender::apply(ActorEntry& entry, const Link& link) {
  if (entry.phase >= ActorPhase::ended) return;
  if (link.told == ActorState::alive) return become_alive(entry);
  entry.phase = ActorPhase::dead;
  entry.death = copy_of(link.death);
  die(entry, entry.death);
}

bool ActorSender::on_lane_dead(std::uint32_t lane, const DeathReport& death) {
  for (auto& [id, link] : links_) {
    if (!link.lane || link.lane->index() != lane) continue;
    link.lane->callee_died();
    receive(link);
    process_.take_back_holds(*link.lane, death);
    auto unfinished = link.lane->take_unfinished();
    link.lane.reset();
    Call* const wrote =
        wrote_to_read_only(death) ? std::exchange(unfinished.begun, nullptr) : nullptr;
    keep_lost(link, unfinished);
    if (wrote != nullptr) {  // an error of that call alone; the others fail with the actor
      fail_call(wrote, value_of(crash_error(death, wrote->display_name(), wrote->frame.attempt, 0,
                                            process_.attachment().node)));
    }
    // The state of the actor, which follows, says what they fail with; if it came before, they fail
    // now.
    if (link.told == ActorState::dead) fail_link(link, link.death);
    return true;
  }
  return false;
}

void ActorSender::fail_all(const Value& error) {
  std::vector<base::Ref<ActorEntry>> alive;
  for (auto& [id, link] : links_) {
    link.constructor.reset();
    if (link.constructing) alive.push_back(std::move(link.constructing));
  }
  {
    const std::lock_guard lock(mutex_);
    for (auto& [id, entry] : entries_) {
      if (entry->try_retain()) alive.push_back(base::Ref<ActorEntry>::adopt(entry));
    }
  }
  for (const auto& entry : alive) {
    if (entry->phase >= ActorPhase::ended) continue;
    entry->phase = ActorPhase::dead;
    entry->death = copy_of(error);
    die(*entry, entry->death);
  }
  for (auto& [id, link] : links_) {
    fail_link(link, error);
    link.lane.reset();  // an answer that still comes finds nobody
  }
  while (!watched_.empty()) tell_watched(watched_.begin()->first, ActorState::dead, &error);
}

}  // namespace manta::detail
