// A process's connection to its node: the two node rings of its slot, and the descriptor-free way to wake the node.
//
// Invariants: what send() returned for is visible to the node; messages are read in the order of sending.
// Threads:    send and the calls made of it: any; receive: the holder of the progress baton.
// Errors:     once the node is dead nothing is sent any more (the session is over, everybody is told so).
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "../../rpc/control.h"
#include "../../serialization/stream/encoded.h"
#include "../wire/node_messages.h"

namespace manta::detail {

class NodeLink {
 public:
  NodeLink(rpc::Control& control, rpc::Slot self);

  void send(NodeFrame frame, std::span<const std::byte> payload = {});

  // `reply`: the reply_name() of the reply that gives the reference to `whose`; 0: it is ours already.
  void hold(serialization::RefKind kind, ObjectId id, rpc::Slot whose, std::uint64_t reply = 0);
  void release(serialization::RefKind kind, ObjectId id, std::uint32_t count);
  void adopt_block(std::uint64_t offset, std::uint32_t holds);
  void hold_block(std::uint64_t offset, rpc::Slot whose, std::uint64_t reply = 0);
  void release_block(std::uint64_t offset, std::uint32_t count);

  // Calls `handle(frame, payload)` for each message received; true if there was one.
  template <class Handle>
  bool receive(Handle&& handle) {
    bool any = false;
    for (auto bytes = reader_.front(); !bytes.empty(); bytes = reader_.front()) {
      NodeFrame frame;
      const auto payload = parse(bytes, frame);
      handle(frame, payload);
      reader_.pop();
      any = true;
    }
    return any;
  }
  bool pending() const { return !reader_.empty(); }

  // The frame of one message; gives its payload. check() fails if either is cut off.
  static std::span<const std::byte> parse(std::span<const std::byte> bytes, NodeFrame& frame);

  void node_died() { dead_.store(true, std::memory_order_release); }
  bool dead() const { return dead_.load(std::memory_order_acquire); }

 private:
  std::byte* reserve(std::uint32_t size);  // waits for room; null when the node is dead

  rpc::Control& control_;
  std::mutex mutex_;
  rpc::RingWriter writer_;
  rpc::RingReader reader_;
  std::atomic<bool> dead_{false};
};

}  // namespace manta::detail
