// The processes of a session as the node talks to them: by slot, over two rings each.
//
//   free --open()--> live --mark_dead()--> dead --release()--> free
//
// Messages to a process whose ring is full wait here, so that the node never waits for a process.
// Invariants: messages arrive in the order of send(); nothing is read from or sent to a dead process;
//             a slot is used again only after release().
// Threads: confined. Errors: free_slot() gives nothing when all slots are in use.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

#include "../../base/check.h"
#include "../../rpc/control.h"
#include "../../scheduler/job_number.h"
#include "../wire/node_messages.h"

namespace manta::detail::node {

class Peers {
 public:
  explicit Peers(rpc::Control& control);

  std::optional<rpc::Slot> free_slot() const;
  void open(rpc::Slot slot, scheduler::JobNumber job = 0);
  void set_pid(rpc::Slot slot, pid_t pid);
  void mark_dead(rpc::Slot slot);
  void release(rpc::Slot slot);

  bool live(rpc::Slot slot) const {
    return slot < peers_.size() && peers_[slot].state == State::kLive;
  }
  const std::vector<rpc::Slot>& live_slots() const { return live_; }
  // Whose code it runs; also of a dead process, until its slot is released.
  scheduler::JobNumber job(rpc::Slot slot) const { return peers_[slot].job; }
  pid_t pid(rpc::Slot slot) const { return slot < peers_.size() ? peers_[slot].pid : 0; }

  template <class M>
  void send(rpc::Slot slot, const M& message, PayloadOf<M> payload = {});
  // Pushes what waits for room, and rings the processes that were sent something. True if some of it still waits.
  bool flush();

  // Handles of each live process what is in its ring now: handle(slot, message) or handle(slot, message, payload). True
  // if there was anything. A complete sweep: what was pushed before it began has been handled after it.
  template <class Handle>
  bool sweep(Handle&& handle);
  template <class Handle>
  bool drain(rpc::Slot slot, Handle&& handle);  // the messages of one process, to the end

  bool pending() const;  // there is something to read
  // The processes whose messages make no sense, each once: nothing more is read from them.
  struct Broken {
    rpc::Slot slot = 0;
    std::string sent;  // "a message of kind 2 (LeaseWant) ..."
  };
  std::vector<Broken> take_broken();

 private:
  enum class State : std::uint8_t { kFree, kLive, kDead };
  struct Peer {
    State state = State::kFree;
    bool to_ring = false;
    bool broken = false;
    bool told = false;  // that it is broken
    pid_t pid = 0;
    scheduler::JobNumber job = 0;
    rpc::RingReader reader;
    rpc::RingWriter writer;
    std::deque<std::vector<std::byte>> waiting;
  };

  template <class Handle>
  bool read(rpc::Slot slot, std::size_t budget, Handle& handle);
  std::byte* room_for(rpc::Slot slot, std::uint32_t size);
  static std::string what_it_sent(Peer& peer);
  static bool push(Peer& peer, std::span<const std::byte> message);

  rpc::Control& control_;
  std::vector<Peer> peers_;
  std::vector<rpc::Slot> live_;
  std::vector<rpc::Slot> sent_to_;
};

template <class M>
void Peers::send(rpc::Slot slot, const M& message, PayloadOf<M> payload) {
  if (!live(slot)) return;
  write_message<FromNode>(room_for(slot, message_size<M>(payload)), message, payload);
  peers_[slot].writer.commit();  // does nothing if the message waits
}

template <class Handle>
bool Peers::read(rpc::Slot slot, std::size_t budget, Handle& handle) {
  bool any = false;
  for (std::size_t bytes = 0; bytes < budget && live(slot) && !peers_[slot].broken;) {
    const std::span<const std::byte> message = peers_[slot].reader.front();
    if (message.empty()) break;
    const bool sound =
        read_message<ToNode>(message, [&](const auto&... parts) { handle(slot, parts...); });
    if (!sound) {
      peers_[slot].broken = true;
      break;
    }
    control_.session().node_messages.fetch_add(1, std::memory_order_relaxed);  // SYNC: none
    peers_[slot].reader.pop();
    bytes += message.size();
    any = true;
  }
  peers_[slot].broken |= peers_[slot].reader.broken();
  return any;
}

template <class Handle>
bool Peers::sweep(Handle&& handle) {
  bool any = false;
  // A ring's worth of bytes covers all that was in it when we began; more would let one process
  // keep the node from the others. By index: handlers open and release slots.
  for (std::size_t i = 0; i < live_.size(); ++i) any |= read(live_[i], rpc::kNodeRingBytes, handle);
  return any;
}

template <class Handle>
bool Peers::drain(rpc::Slot slot, Handle&& handle) {
  return read(slot, SIZE_MAX, handle);
}

}  // namespace manta::detail::node
