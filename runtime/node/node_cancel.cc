// Calls that are cancelled: to whom it is passed on (decision 030).
#include "node.h"

namespace manta::detail::node {

// To the callee, unless it has died.
void Node::on(rpc::Slot from, const CancelCall& cancel) {
  const LaneRecord* const lane = lanes_.find(cancel.lane);
  if (lane == nullptr || lane->caller != from || lane->callee_closed) return;
  if (cancel.how != CancelHow::kKill) {
    return peers_.send(lane->callee, CallCancel{.sequence = cancel.sequence,
                                                .task = cancel.task,
                                                .lane = cancel.lane,
                                                .how = cancel.how,
                                                .recursive = cancel.recursive});
  }
  if (lane->kind == LaneKind::kTask && lanes_.started(cancel.lane) == cancel.sequence) {
    workers_.kill(lane->callee);
  }
}

void Node::on(rpc::Slot, const CancelObject& cancel) {
  const auto maker = objects_.maker_of(cancel.object);
  if (!maker) return;  // it is done, or its maker has died
  peers_.send(
      *maker,
      ObjectCancel{.object = cancel.object, .how = cancel.how, .recursive = cancel.recursive});
}

}  // namespace manta::detail::node
