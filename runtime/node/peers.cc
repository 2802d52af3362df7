#include "peers.h"

#include <algorithm>

namespace manta::detail::node {
namespace {

std::span<const std::byte> bytes_of(const NodeFrame& frame) {
  return std::as_bytes(std::span(&frame, 1));
}

}  // namespace

Peers::Peers(rpc::Control& control) : control_(control), peers_(rpc::kMaxSlots) {}

std::optional<rpc::Slot> Peers::free_slot() const {
  for (std::size_t slot = rpc::kDriverSlot + 1u; slot < peers_.size(); ++slot) {
    if (peers_[slot].state == State::kFree) return static_cast<rpc::Slot>(slot);
  }
  return std::nullopt;
}

void Peers::open(rpc::Slot slot) {
  base::check(peers_[slot].state == State::kFree, "a slot has one process");
  const rpc::RingPair rings = control_.node_rings(slot);
  Peer& peer = peers_[slot];
  peer.state = State::kLive;
  peer.reader = rpc::RingReader(rings.to_node);
  peer.writer = rpc::RingWriter(rings.from_node);
  live_.push_back(slot);
}

void Peers::set_pid(rpc::Slot slot, pid_t pid) {
  peers_[slot].pid = pid;
  control_.process(slot).pid.store(pid, std::memory_order_relaxed);
}

void Peers::mark_dead(rpc::Slot slot) {
  peers_[slot].state = State::kDead;
  peers_[slot].waiting.clear();
  std::erase(live_, slot);
}

void Peers::release(rpc::Slot slot) {
  peers_[slot] = {};
  control_.discard_slot(slot);
}

bool Peers::push(Peer& peer, std::span<const std::byte> head, std::span<const std::byte> payload) {
  std::byte* to = peer.writer.reserve(static_cast<std::uint32_t>(head.size() + payload.size()));
  if (to == nullptr) return false;
  std::memcpy(to, head.data(), head.size());
  if (!payload.empty()) std::memcpy(to + head.size(), payload.data(), payload.size());
  peer.writer.commit();
  return true;
}

void Peers::send(rpc::Slot slot, NodeFrame frame, std::span<const std::byte> payload) {
  if (!live(slot)) return;
  Peer& peer = peers_[slot];
  frame.payload = static_cast<std::uint32_t>(payload.size());
  base::check(sizeof frame + payload.size() <= rpc::kMaxMessage, "a message fits into a ring");
  const std::span<const std::byte> head = bytes_of(frame);
  if (!peer.to_ring) sent_to_.push_back(slot);
  peer.to_ring = true;
  if (peer.waiting.empty() && push(peer, head, payload)) return;
  std::vector<std::byte> message(head.begin(), head.end());
  message.insert(message.end(), payload.begin(), payload.end());
  peer.waiting.push_back(std::move(message));
}

bool Peers::flush() {
  std::vector<rpc::Slot> full;
  for (const rpc::Slot slot : sent_to_) {
    Peer& peer = peers_[slot];
    peer.to_ring = false;
    if (peer.state != State::kLive) continue;
    while (!peer.waiting.empty() && push(peer, peer.waiting.front(), {})) peer.waiting.pop_front();
    rpc::ring(control_.process(slot).bell);
    if (!peer.waiting.empty()) full.push_back(slot);
  }
  for (const rpc::Slot slot : full) peers_[slot].to_ring = true;
  sent_to_ = std::move(full);
  return !sent_to_.empty();
}

bool Peers::pending() const {
  return std::ranges::any_of(
      live_, [&](rpc::Slot slot) { return !peers_[slot].broken && !peers_[slot].reader.empty(); });
}

std::vector<rpc::Slot> Peers::take_broken() {
  std::vector<rpc::Slot> broken;
  for (const rpc::Slot slot : live_) {
    if (peers_[slot].broken) broken.push_back(slot);
  }
  return broken;
}

}  // namespace manta::detail::node
