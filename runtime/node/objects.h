// The published objects and adopted blocks of a node, at work: messages in, messages and freed memory out.
//
// The record of a value holds what the value refers to, as process 0. Values are read where they lie: in the message,
// or (kExternal) in the block that they name.
// Threads: confined. Errors: none; what does not exist is answered with ObjectLost.
#pragma once
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "../../objectstore/arena/arena.h"
#include "block_counts.h"
#include "peers.h"
#include "publications.h"

namespace manta::detail::node {

class Objects {
 public:
  // `hold_actor` counts a handle inside a value: of the node's record, or as sent to a process.
  using HoldActor = std::function<void(ActorId, rpc::Slot whose, std::int64_t count)>;
  Objects(Peers& peers, objectstore::Arena& arena, HoldActor hold_actor);

  // publish, fulfil, subscribe, free_object, the block messages, and hold and release of objects.
  void handle(rpc::Slot from, const NodeFrame& frame, std::span<const std::byte> payload);
  void process_died(rpc::Slot slot, pid_t pid);
  // When nobody uses its lanes any more: drops what a dead process held, frees the memory it owned.
  void sweep_memory(rpc::Slot dead);

  std::optional<rpc::Slot> maker_of(ObjectId id) const;  // of a pending one
  bool unsettled() const { return !new_objects_.empty() || !new_blocks_.empty(); }
  void begin_sweep();  // what is unsettled now is settled when the sweep over all rings is complete
  void settle();

 private:
  void run_steps();
  void count_contents(std::span<const std::byte> wire, std::int64_t count);
  void hold_contents_for(rpc::Slot process, std::span<const std::byte> wire);
  void take_over(std::uint64_t block);

  Peers& peers_;
  objectstore::Arena& arena_;
  HoldActor hold_actor_;
  Publications objects_;
  BlockCounts blocks_;
  std::vector<ObjectId> new_objects_, sweeping_objects_;
  std::vector<std::uint64_t> new_blocks_, sweeping_blocks_;
};

}  // namespace manta::detail::node
