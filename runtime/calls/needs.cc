#include "needs.h"

#include "../ownership/notices.h"
#include "senders.h"

namespace manta::detail {
namespace {

constexpr std::size_t kMostObjects = 100'000;  // that are looked at, in one wait
constexpr std::size_t kMostNeeds = 200;        // that are told

std::string name_of(const Call& call) { return name_in_waits(call.display_name()); }

}  // namespace

std::string name_in_waits(std::string_view name) { return one_line(name, 200); }

void Needs::add(const ObjectEntry& entry, std::uint32_t object) {
  if (std::exchange(object_, object) != object) seen_.clear();
  to_look_at_.push_back(&entry);
  while (!to_look_at_.empty()) {
    const ObjectEntry* const next = to_look_at_.back();
    to_look_at_.pop_back();
    if (next->done() || looked_at_ == kMostObjects || !seen_.insert(next).second) continue;
    ++looked_at_;
    look_at(*next);
  }
}

void Needs::look_at(const ObjectEntry& entry) {
  if (entry.from_elsewhere()) {
    others_.push_back({.kind = Need::Kind::kObject,
                       .hi = entry.id().hi(),
                       .lo = entry.id().lo(),
                       .object = object_,
                       .name = "an object of another process"});
  } else if (entry.producer() != nullptr) {
    add_call(*entry.producer());
  } else if (const auto actor = ownership_.actors().find(actor_of_ready(entry.id()))) {
    if (const Call* const constructor = senders_.actors.line_to(actor->id()).constructor) {
      return add_arguments(*constructor);
    }
    others_.push_back({.kind = Need::Kind::kConstructor,
                       .hi = actor->id().hi(),
                       .lo = actor->id().lo(),
                       .object = object_,
                       .name = "the constructor of actor " + actor->id().hex()});
  }
}

void Needs::add_call(const Call& call) {
  if (call.state() == CallState::kInPlace) return;  // by the thread that runs it
  if (const CallLane* const lane = senders_.lane_of(call)) {
    return add_in_lane(*lane, lane->sequence_of(call), call);
  }
  if (call.missing() != 0) add_arguments(call);
  if (call.actor() != nullptr) add_unsent(call);
  if (call.state() == CallState::kQueued) add_lease(call);
}

void Needs::add_arguments(const Call& call) {
  for (const auto& ref : call.refs()) to_look_at_.push_back(ref.entry.get());
}

// It waits until the actor can be made, and goes behind what was sent, and behind a call whose arguments are not there.
void Needs::add_unsent(const Call& call) {
  const ActorId& actor = call.actor()->id();
  const ActorSender::Line line = senders_.actors.line_to(actor);
  if (line.constructor != nullptr) return add_arguments(*line.constructor);
  if (line.first != nullptr && line.first->missing() != 0) add_arguments(*line.first);
  if (line.lane != nullptr) return add_in_lane(*line.lane, line.lane->next_sequence(), call);
  others_.push_back({.kind = Need::Kind::kConstructor,
                     .hi = actor.hi(),
                     .lo = actor.lo(),
                     .object = object_,
                     .name = name_of(call)});
}

void Needs::add_lease(const Call& call) {
  const auto lease = senders_.tasks.needs_lease(call);
  if (!lease) return;
  others_.push_back({.kind = Need::Kind::kLease,
                     .lane = lease->key,
                     .sequence = lease->granted,
                     .object = object_,
                     .name = name_of(call)});
}

void Needs::add_in_lane(const CallLane& lane, std::uint64_t sequence, const Call& call) {
  const auto [found, fresh] = in_lanes_.try_emplace({object_, lane.index()});
  Need& need = found->second;
  const bool better = call.actor() != nullptr ? sequence > need.sequence : sequence < need.sequence;
  if (!fresh && !better) return;
  need = {.lane = lane.index(), .sequence = sequence, .object = object_, .name = name_of(call)};
}

std::vector<Need> Needs::take() {
  std::vector<Need> needs;
  for (auto& [lane, need] : in_lanes_) needs.push_back(std::move(need));
  std::move(others_.begin(), others_.end(), std::back_inserter(needs));
  if (needs.size() > kMostNeeds) needs.resize(kMostNeeds);
  return needs;
}

}  // namespace manta::detail
