#include "lanes.h"

#include "../wire/lane_messages.h"

namespace manta::detail::node {

std::optional<std::uint32_t> Lanes::open(rpc::Slot caller, rpc::Slot callee, LaneKind kind,
                                         ActorId actor) {
  const std::optional<std::uint32_t> lane = table_.open(caller, callee, kind);
  if (!lane) return std::nullopt;
  rpc::LaneHeader& header = *control_.lane(*lane).header;
  // SYNC: none: this process counts the epochs.
  const auto epoch = [&](rpc::Slot slot) {
    return control_.process(slot).epoch.load(std::memory_order_relaxed);
  };
  // SYNC: visible to both ends with the messages that name the lane.
  header.caller.store(caller, std::memory_order_relaxed);
  header.caller_epoch.store(epoch(caller), std::memory_order_relaxed);
  header.callee.store(callee, std::memory_order_relaxed);
  header.callee_epoch.store(epoch(callee), std::memory_order_relaxed);
  peers_.send(callee, LaneOpen{.lane = *lane, .kind = kind, .caller = caller, .actor = actor});
  return lane;
}

const LaneRecord* Lanes::find(std::uint32_t lane) const {
  return lane < rpc::kMaxLanes ? table_.find(lane) : nullptr;
}

std::uint64_t Lanes::started(std::uint32_t lane) const {
  // SYNC: none: it only grows, and whoever waits for it looks again.
  return control_.lane(lane).header->started.load(std::memory_order_relaxed);
}

std::vector<TaskLane> Lanes::of_tasks() const {
  std::vector<TaskLane> found;
  table_.each([&](std::uint32_t lane, const LaneRecord& record) {
    if (record.kind != LaneKind::kTask || record.caller_closed || record.callee_closed) return;
    // SYNC: none: a snapshot.
    const auto flags = control_.lane(lane).header->flags.load(std::memory_order_relaxed);
    found.push_back({.lane = lane,
                     .caller = record.caller,
                     .callee = record.callee,
                     .opened = record.opened,
                     .started = started(lane),
                     .last_attempt = (flags & kLastAttempt) != 0});
  });
  return found;
}

void Lanes::close(std::uint32_t lane, rpc::Slot end) {
  const LaneRecord* record = find(lane);
  if (record == nullptr) return;
  const bool own = record->caller == record->callee;
  const rpc::Slot other = end == record->caller ? record->callee : record->caller;
  switch (table_.close(lane, end)) {
    case LaneTable::Closing::kNothing:
      break;
    case LaneTable::Closing::kFree:
      discard(lane);
      break;
    case LaneTable::Closing::kHalf:
      if (!own) peers_.send(other, LaneClose{.lane = lane});
      break;
  }
}

void Lanes::discard(std::uint32_t lane) {
  reply_holds_.forget(lane);
  control_.discard_lane(lane);
}

void Lanes::note_reply_hold(const ReplyName& reply, rpc::Slot caller, ReplyHold hold) {
  const LaneRecord* record = find(reply.lane);
  if (record == nullptr || record->caller != caller || !peers_.live(caller)) return;
  reply_holds_.add(reply, hold);
}

std::vector<ReplyHold> Lanes::take_back(std::uint32_t lane, rpc::Slot caller) {
  const LaneRecord* record = find(lane);
  if (record == nullptr || record->caller != caller) return {};
  return reply_holds_.take_back(lane);
}

void Lanes::process_died(rpc::Slot slot, std::span<const std::byte> death) {
  for (const std::uint32_t lane : table_.of(slot)) {
    const LaneRecord record = *table_.find(lane);
    const rpc::Slot other = slot == record.caller ? record.callee : record.caller;
    const bool told = other == record.caller ? !record.caller_closed : !record.callee_closed;
    if (told && other != slot) {
      peers_.send(other, LaneDead{.lane = lane, .reply_in_doubt = reply_holds_.last_reply(lane)},
                  death);
    }
    LaneTable::Closing closing = table_.close(lane, slot);
    if (other == slot && closing == LaneTable::Closing::kHalf) closing = table_.close(lane, slot);
    if (closing == LaneTable::Closing::kFree) discard(lane);
  }
}

}  // namespace manta::detail::node
