#include "lanes.h"

#include "../../serialization/stream/encoded.h"

namespace manta::detail::node {

static_assert(rpc::kMaxLanes <= 0x10000, "a reply_name() has 16 bits for the lane");

std::optional<std::uint32_t> Lanes::open(rpc::Slot caller, rpc::Slot callee, LaneKind kind) {
  const std::optional<std::uint32_t> lane = table_.open(caller, callee, kind);
  if (!lane) return std::nullopt;
  rpc::LaneHeader& header = *control_.lane(*lane).header;
  const auto epoch = [&](rpc::Slot slot) {
    return control_.process(slot).epoch.load(std::memory_order_relaxed);
  };
  // SYNC: visible to both ends with the messages that name the lane.
  header.caller.store(caller, std::memory_order_relaxed);
  header.caller_epoch.store(epoch(caller), std::memory_order_relaxed);
  header.callee.store(callee, std::memory_order_relaxed);
  header.callee_epoch.store(epoch(callee), std::memory_order_relaxed);
  peers_.send(callee, {.kind = NodeMessage::lane_open,
                       .arg0 = *lane,
                       .arg1 = caller,
                       .arg2 = static_cast<std::uint64_t>(kind)});
  return lane;
}

const LaneRecord* Lanes::find(std::uint64_t lane) const {
  return lane < rpc::kMaxLanes ? table_.find(static_cast<std::uint32_t>(lane)) : nullptr;
}

std::uint64_t Lanes::started(std::uint32_t lane) const {
  // SYNC: none: it only grows, and what waits for it looks again.
  return control_.lane(lane).header->started.load(std::memory_order_relaxed);
}

void Lanes::close(std::uint64_t lane, rpc::Slot end) {
  const LaneRecord* record = find(lane);
  if (record == nullptr) return;
  const bool own = record->caller == record->callee;
  const rpc::Slot other = end == record->caller ? record->callee : record->caller;
  const auto number = static_cast<std::uint32_t>(lane);
  switch (table_.close(number, end)) {
    case LaneTable::Closing::kNothing:
      break;
    case LaneTable::Closing::kFree:
      discard(number);
      break;
    case LaneTable::Closing::kHalf:
      if (!own) peers_.send(other, {.kind = NodeMessage::lane_close, .arg0 = lane});
      break;
  }
}

void Lanes::discard(std::uint32_t lane) {
  reply_holds_.forget(lane);
  control_.discard_lane(lane);
}

void Lanes::note_reply_hold(const NodeFrame& hold) {
  const std::uint32_t lane = lane_of_reply(hold.arg2);
  const LaneRecord* record = find(lane);
  if (record == nullptr || record->caller != hold.arg1 || !peers_.live(record->caller)) return;
  ReplyHold what{.kind = HeldKind::block, .lo = hold.arg0};
  if (hold.kind == NodeMessage::hold) {
    const bool object = hold.arg0 == static_cast<std::uint64_t>(serialization::RefKind::object);
    what = {object ? HeldKind::object : HeldKind::actor, hold.id_hi, hold.id_lo};
  }
  reply_holds_.add(lane, sequence_of_reply(hold.arg2), what);
}

std::vector<ReplyHold> Lanes::take_back(std::uint64_t lane, rpc::Slot caller) {
  const LaneRecord* record = find(lane);
  if (record == nullptr || record->caller != caller) return {};
  return reply_holds_.take_back(static_cast<std::uint32_t>(lane));
}

void Lanes::process_died(rpc::Slot slot, std::span<const std::byte> death) {
  for (const std::uint32_t lane : table_.of(slot)) {
    const LaneRecord record = *table_.find(lane);
    const rpc::Slot other = slot == record.caller ? record.callee : record.caller;
    const bool told = other == record.caller ? !record.caller_closed : !record.callee_closed;
    if (told && other != slot) {
      peers_.send(
          other,
          {.kind = NodeMessage::lane_dead, .arg0 = lane, .arg1 = reply_holds_.last_reply(lane)},
          death);
    }
    LaneTable::Closing closing = table_.close(lane, slot);
    if (other == slot && closing == LaneTable::Closing::kHalf) closing = table_.close(lane, slot);
    if (closing == LaneTable::Closing::kFree) discard(lane);
  }
}

}  // namespace manta::detail::node
