#include "caller_side.h"

namespace manta::detail {

void CallerSide::close_lane(std::uint32_t lane, rpc::Slot callee) {
  node().send({.kind = NodeMessage::lane_closed, .arg0 = lane});
  const bool own = callee == ownership_.slot() && callee_ != nullptr;
  if (own && callee_->forget_lane(lane)) {
    node().send({.kind = NodeMessage::lane_closed, .arg0 = lane});
  }
}

void CallerSide::take_back_holds(const CallLane& lane, const DeathReport& death) {
  if (death.reply_in_doubt != 0 && lane.awaits_reply(death.reply_in_doubt))
    node().send({.kind = NodeMessage::reply_missing, .arg0 = lane.index()});
}

}  // namespace manta::detail
