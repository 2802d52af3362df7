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

#include "../../base/check.h"
#include "../../rpc/control.h"
#include "../../serialization/stream/encoded.h"
#include "../wire/node_messages.h"
#include "../wire/value_wire.h"

namespace manta::detail {

class NodeLink {
 public:
  NodeLink(rpc::Control& control, rpc::Slot self);

  template <class M>
  void send(const M& message, PayloadOf<M> payload = {}) {
    const std::uint32_t size = message_size<M>(payload);
    const std::lock_guard lock(mutex_);
    std::byte* const at = reserve(size);
    if (at == nullptr) return;
    write_message<ToNode>(at, message, payload);
    commit();
  }

  // HoldObject or HoldActor. `reply`: the one that gives the reference to `whose`; none: it is theirs already.
  void hold(const WireReference& reference, rpc::Slot whose, ReplyName reply = {});

  // Calls `handle(message)` or `handle(message, payload)` for each message received; true if there was one. check()
  // fails on malformed ones.
  template <class Handle>
  bool receive(Handle&& handle) {
    bool any = false;
    for (auto bytes = reader_.front(); !bytes.empty(); bytes = reader_.front()) {
      base::check(read_message<FromNode>(bytes, handle), "the node sent what is no message");
      reader_.pop();
      any = true;
    }
    return any;
  }
  bool pending() const { return !reader_.empty(); }

  // The node reads nothing any more, or the session ends: nobody waits for room, also not a thread that has the
  // tables lock. SYNC: none: the loop looks again.
  void stop_waiting() { waits_.store(false, std::memory_order_relaxed); }
  // SYNC: release and acquire: whoever sees that it is dead sees what was written before: why everything fails.
  void node_died() { dead_.store(true, std::memory_order_release); }
  bool dead() const { return dead_.load(std::memory_order_acquire); }

 private:
  std::byte* reserve(std::uint32_t size);  // waits for room; null when that is in vain
  void commit();                           // and rings the node

  rpc::Control& control_;
  std::mutex mutex_;
  rpc::RingWriter writer_;
  rpc::RingReader reader_;
  std::atomic<bool> waits_{true};
  std::atomic<bool> dead_{false};
};

}  // namespace manta::detail
