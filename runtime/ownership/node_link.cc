#include "node_link.h"

#include <cstring>
#include <thread>

#include "../../base/check.h"

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

void NodeLink::send(NodeFrame frame, std::span<const std::byte> payload) {
  frame.payload = static_cast<std::uint32_t>(payload.size());
  const std::lock_guard lock(mutex_);
  auto* at = reserve(static_cast<std::uint32_t>(sizeof frame + payload.size()));
  if (at == nullptr) return;
  std::memcpy(at, &frame, sizeof frame);
  if (!payload.empty()) std::memcpy(at + sizeof frame, payload.data(), payload.size());
  writer_.commit();
  rpc::ring(control_.process(rpc::kNodeSlot).bell);
}

std::span<const std::byte> NodeLink::parse(std::span<const std::byte> bytes, NodeFrame& frame) {
  base::check(bytes.size() >= sizeof frame, "a message of the node is cut off");
  std::memcpy(&frame, bytes.data(), sizeof frame);
  base::check(frame.payload <= bytes.size() - sizeof frame, "a message of the node is cut off");
  return bytes.subspan(sizeof frame, frame.payload);
}

void NodeLink::hold(serialization::RefKind kind, ObjectId id, rpc::Slot whose,
                    std::uint64_t reply) {
  send({.kind = NodeMessage::hold,
        .id_hi = id.hi(),
        .id_lo = id.lo(),
        .arg0 = static_cast<std::uint64_t>(kind),
        .arg1 = whose,
        .arg2 = reply});
}

void NodeLink::release(serialization::RefKind kind, ObjectId id, std::uint32_t count) {
  send({.kind = NodeMessage::release,
        .id_hi = id.hi(),
        .id_lo = id.lo(),
        .arg0 = static_cast<std::uint64_t>(kind),
        .arg1 = count});
}

void NodeLink::adopt_block(std::uint64_t offset, std::uint32_t holds) {
  send({.kind = NodeMessage::adopt_block, .arg0 = offset, .arg1 = holds});
}

void NodeLink::hold_block(std::uint64_t offset, rpc::Slot whose, std::uint64_t reply) {
  send({.kind = NodeMessage::hold_block, .arg0 = offset, .arg1 = whose, .arg2 = reply});
}

void NodeLink::release_block(std::uint64_t offset, std::uint32_t count) {
  send({.kind = NodeMessage::release_block, .arg0 = offset, .arg1 = count});
}

}  // namespace manta::detail
