// A process of a session with nothing but its node rings: what the node's tests speak as driver and as worker.
// Threads: confined.
#pragma once
#include <chrono>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "../../base/check.h"
#include "../../rpc/control.h"
#include "../../rpc/futex.h"
#include "../launch/entry.h"
#include "../wire/node_messages.h"

namespace manta::detail::node {

class SessionPeer {
 public:
  explicit SessionPeer(const Attachment& attachment)
      : control_(attachment.control.get()),
        page_(control_.process(attachment.slot)),
        reader_(control_.node_rings(attachment.slot).from_node),
        writer_(control_.node_rings(attachment.slot).to_node) {
    rpc::bind_event_bell(attachment.node_bell.get());
  }

  rpc::Control& control() { return control_; }

  template <class M>
  void send(const M& message, PayloadOf<M> payload = {}) {
    std::vector<std::byte> bytes(message_size<M>(payload));
    write_message<ToNode>(bytes.data(), message, payload);
    send_bytes(bytes);
  }
  // Which may be no message.
  void send_bytes(std::span<const std::byte> bytes) {
    std::byte* to = nullptr;
    while (to == nullptr) to = writer_.reserve(static_cast<std::uint32_t>(bytes.size()));
    std::memcpy(to, bytes.data(), bytes.size());
    writer_.commit();
    rpc::ring(control_.process(rpc::kNodeSlot).bell);
  }

  // Calls handle(message) or handle(message, payload) for one message; false: there is none.
  template <class Handle>
  bool receive_now(Handle&& handle) {
    const auto bytes = reader_.front();
    if (bytes.empty()) return false;
    base::check(read_message<FromNode>(bytes, handle), "the node sent what is no message");
    reader_.pop();
    return true;
  }

  // Until something is in the ring, or `also()`, or a long time has passed.
  template <class Also>
  void sleep(Also&& also) {
    // SYNC: the count before the state, see wake_owner(); arm() has the fence before the look at the ring.
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
