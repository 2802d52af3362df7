#include "node_link.h"

#include <thread>

namespace manta::detail {

NodeLink::NodeLink(rpc::Control& control, rpc::Slot self)
    : control_(control),
      writer_(control.node_rings(self).to_node),
      reader_(control.node_rings(self).from_node) {}

std::byte* NodeLink::reserve(std::uint32_t size) {
  // The node never waits for a process, so a full ring empties by itself.
  while (!dead()) {
    if (auto* at = writer_.reserve(size)) return at;
    rpc::ring(control_.process(rpc::kNodeSlot).bell);
    std::this_thread::yield();
  }
  return nullptr;
}

void NodeLink::commit() {
  writer_.commit();
  rpc::ring(control_.process(rpc::kNodeSlot).bell);
}

void NodeLink::hold(serialization::RefKind kind, ObjectId id, rpc::Slot whose, ReplyName reply) {
  if (kind == serialization::RefKind::kObject) {
    send(HoldObject{.object = id, .reply = reply, .whose = whose});
  } else {
    send(HoldActor{.actor = ActorId(id.hi(), id.lo()), .reply = reply, .whose = whose});
  }
}

void NodeLink::release(serialization::RefKind kind, ObjectId id, std::uint32_t count) {
  if (kind == serialization::RefKind::kObject) {
    send(ReleaseObject{.object = id, .count = count});
  } else {
    send(ReleaseActor{.actor = ActorId(id.hi(), id.lo()), .count = count});
  }
}

}  // namespace manta::detail
