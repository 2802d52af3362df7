#include "peers.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace manta::detail::node {

Peers::Peers(rpc::Control& control) : control_(control), peers_(rpc::kMaxSlots) {}

std::optional<rpc::Slot> Peers::free_slot() const {
  for (std::size_t slot = rpc::kDriverSlot + 1u; slot < peers_.size(); ++slot) {
    if (peers_[slot].state == State::kFree) return static_cast<rpc::Slot>(slot);
  }
  return std::nullopt;
}

void Peers::open(rpc::Slot slot, scheduler::JobNumber job) {
  base::check(peers_[slot].state == State::kFree, "a slot has one process");
  const rpc::RingPair rings = control_.node_rings(slot);
  Peer& peer = peers_[slot];
  peer.state = State::kLive;
  peer.job = job;
  peer.reader = rpc::RingReader(rings.to_node);
  peer.writer = rpc::RingWriter(rings.from_node);
  live_.push_back(slot);
}

void Peers::set_pid(rpc::Slot slot, pid_t pid) {
  peers_[slot].pid = pid;
  // SYNC: none: for messages to people.
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

// In its ring, or among those that wait.
std::byte* Peers::room_for(rpc::Slot slot, std::uint32_t size) {
  base::check(size <= rpc::kMaxMessage, "a message fits into a ring");
  Peer& peer = peers_[slot];
  if (!peer.to_ring) sent_to_.push_back(slot);
  peer.to_ring = true;
  if (peer.waiting.empty()) {
    if (std::byte* const at = peer.writer.reserve(size)) return at;
  }
  return peer.waiting.emplace_back(size).data();
}

bool Peers::push(Peer& peer, std::span<const std::byte> message) {
  std::byte* const to = peer.writer.reserve(static_cast<std::uint32_t>(message.size()));
  if (to == nullptr) return false;
  std::memcpy(to, message.data(), message.size());
  peer.writer.commit();
  return true;
}

bool Peers::flush() {
  std::vector<rpc::Slot> full;
  for (const rpc::Slot slot : sent_to_) {
    Peer& peer = peers_[slot];
    peer.to_ring = false;
    if (peer.state != State::kLive) continue;
    while (!peer.waiting.empty() && push(peer, peer.waiting.front())) peer.waiting.pop_front();
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

// The message that read_message() has refused is still the first of its ring.
std::string Peers::what_it_sent(Peer& peer) {
  const std::span<const std::byte> message = peer.reader.front();
  if (peer.reader.broken()) return "what is no frame of a ring";
  MessageHead head;
  const std::string size = std::to_string(message.size()) + " bytes";
  if (message.size() < sizeof head) return "a message of " + size + ", less than its head has";
  std::memcpy(&head, message.data(), sizeof head);
  return "a message of kind " + std::to_string(head.kind) + " (" +
         std::string(ToNode::name(head.kind)) + ") in " + size +
         ", of which its payload is to be " + std::to_string(head.payload_size);
}

std::vector<Peers::Broken> Peers::take_broken() {
  std::vector<Broken> broken;
  for (const rpc::Slot slot : live_) {
    Peer& peer = peers_[slot];
    if (peer.broken && !std::exchange(peer.told, true)) {
      broken.push_back({slot, what_it_sent(peer)});
    }
  }
  return broken;
}

}  // namespace manta::detail::node
