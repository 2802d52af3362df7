#include "node_link.h"

#include <thread>

namespace manta::detail {

NodeLink::NodeLink(rpc::Control& control, rpc::Slot self)
    : control_(control),
      writer_(control.node_rings(self).to_node),
      reader_(control.node_rings(self).from_node) {}

std::byte* NodeLink::reserve(std::uint32_t size) {
  base::check(size <= rpc::kMaxMessage, "a message fits into a ring");
  // The node never waits for a process, so a full ring empties by itself.
  while (!dead()) {
    if (auto* at = writer_.reserve(size)) return at;
    // SYNC: none: an old value costs one look more.
    if (!waits_.load(std::memory_order_relaxed)) return nullptr;
    rpc::ring(control_.process(rpc::kNodeSlot).bell);
    std::this_thread::yield();
  }
  return nullptr;
}

void NodeLink::commit() {
  writer_.commit();
  rpc::ring(control_.process(rpc::kNodeSlot).bell);
}

void NodeLink::hold(const WireReference& reference, rpc::Slot whose, ReplyName reply) {
  if (reference.kind == static_cast<std::uint64_t>(serialization::RefKind::kObject)) {
    send(HoldObject{.object = {reference.hi, reference.lo}, .reply = reply, .whose = whose});
  } else {
    send(HoldActor{.actor = {reference.hi, reference.lo}, .reply = reply, .whose = whose});
  }
}

}  // namespace manta::detail
