#include "caller_side.h"

namespace manta::detail {

void CallerSide::close_lane(std::uint32_t lane, rpc::Slot callee) {
  node().send(LaneClosed{.lane = lane});
  const bool own = callee == ownership_.slot() && callee_ != nullptr;
  if (own && callee_->forget_lane(lane)) {
    node().send(LaneClosed{.lane = lane});
  }
}

void CallerSide::take_back_holds(const CallLane& lane, const LaneDead& dead) {
  if (dead.reply_in_doubt != 0 && lane.awaits_reply(dead.reply_in_doubt)) {
    node().send(ReplyMissing{.lane = lane.index()});
  }
}

}  // namespace manta::detail
