#include "caller_side.h"

namespace manta::detail {

void CallerSide::close_lane(std::uint32_t lane, rpc::Slot callee) {
  node().send(LaneClosed{.lane = lane});
  const bool own = callee == ownership_.slot() && callee_ != nullptr;
  if (own && callee_->forget_lane(lane)) {
    node().send(LaneClosed{.lane = lane});
  }
}

// Of items that are passed over nobody takes any; but they do not wait either.
void CallerSide::take_item(const CallLane& lane, Call& call, const ReplyFrame& frame,
                           std::span<const std::byte> rest) {
  if (completion_.add_item(call, frame, rest)) return;
  const ItemStream& items = *call.items();
  if (items.is_bounded()) lane.tell_taken(call, items.taken());
}

void CallerSide::take_back_holds(const CallLane& lane, const LaneDead& dead) {
  const ReplyName& reply = dead.reply_in_doubt;
  Call* const call = reply ? lane.find(reply.sequence) : nullptr;
  if (call == nullptr) return;  // it has come
  const bool came = reply.item != 0 && call->items()->arrived_in_attempt() >= reply.item;
  if (!came) node().send(ReplyMissing{.lane = lane.index()});
}

}  // namespace manta::detail
