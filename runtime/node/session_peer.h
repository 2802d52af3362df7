// A process of a session with nothing but its node rings: what the node's tests speak as driver and as worker.
// Threads: confined.
#pragma once
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "../../rpc/control.h"
#include "../../rpc/futex.h"
#include "../launch/entry.h"
#include "../wire/node_messages.h"

namespace manta::detail::node {

class SessionPeer {
 public:
  struct Message {
    NodeFrame frame;
    std::vector<std::byte> payload;
  };

  explicit SessionPeer(const Attachment& attachment)
      : control_(attachment.control.get()),
        page_(control_.process(attachment.slot)),
        reader_(control_.node_rings(attachment.slot).from_node),
        writer_(control_.node_rings(attachment.slot).to_node) {
    rpc::bind_event_bell(attachment.node_bell.get());
  }

  rpc::Control& control() { return control_; }

  void send(NodeFrame frame, std::span<const std::byte> payload = {}) {
    frame.payload = static_cast<std::uint32_t>(payload.size());
    std::byte* to = nullptr;
    while (to == nullptr)
      to = writer_.reserve(static_cast<std::uint32_t>(sizeof frame + payload.size()));
    std::memcpy(to, &frame, sizeof frame);
    if (!payload.empty()) std::memcpy(to + sizeof frame, payload.data(), payload.size());
    writer_.commit();
    rpc::ring(control_.process(rpc::kNodeSlot).bell);
  }

  std::optional<Message> receive_now() {
    const auto bytes = reader_.front();
    if (bytes.empty()) return std::nullopt;
    Message message;
    std::memcpy(&message.frame, bytes.data(), sizeof message.frame);
    message.payload.assign(bytes.begin() + sizeof message.frame, bytes.end());
    reader_.pop();
    return message;
  }

  // Until something is in the ring, or `also()`, or a long time has passed.
  template <class Also>
  void sleep(Also&& also) {
    const std::uint32_t gen = page_.bell.ring_gen.load();
    rpc::arm(page_.bell);
    if (reader_.empty() && !also()) {
      rpc::futex_wait(page_.bell.ring_gen, gen,
                      std::chrono::steady_clock::now() + std::chrono::seconds(1));
    }
    rpc::disarm(page_.bell);
  }

 private:
  rpc::Control control_;
  rpc::ProcessPage& page_;
  rpc::RingReader reader_;
  rpc::RingWriter writer_;
};

}  // namespace manta::detail::node
