// The published objects and adopted blocks of a node, at work: messages come in, messages and freed memory go out.
//
// The record of a value holds what the value refers to, in the name of the node, process 0. Values are read where they
// lie: in the message, or (kExternal) in the block that they name.
// Threads: confined. Errors: none; whoever asks for an object that does not exist is sent an ObjectLost.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <unordered_set>
#include <vector>

#include "../../objectstore/arena/arena.h"
#include "block_counts.h"
#include "peers.h"
#include "publications.h"

namespace manta::detail::node {

class Objects {
 public:
  // Counts a handle that is inside a value: in the node's record of it, or sent to a process.
  using HoldActor = std::function<void(ActorId, rpc::Slot whose, std::int64_t count)>;
  // Is told of each hold of a block that is counted for a process.
  using BlockHeld = std::function<void(std::uint64_t block, rpc::Slot whose)>;
  Objects(Peers& peers, objectstore::Arena& arena, HoldActor hold_actor, BlockHeld block_held);

  void on(rpc::Slot from, const Publish& publish, PayloadBytes value);
  void on(rpc::Slot from, const Fulfil& fulfil, PayloadBytes value);
  void on(rpc::Slot from, const Subscribe& subscribe);
  void on(rpc::Slot from, const FreeObject& free);
  void on(rpc::Slot from, const HoldObject& hold);
  void on(rpc::Slot from, const HoldBlock& hold);
  void on(rpc::Slot from, const ReleaseObject& release);
  void on(rpc::Slot from, const ReleaseBlock& release);
  void on(rpc::Slot from, const AdoptBlock& adopt);
  void process_died(rpc::Slot slot, pid_t pid);
  // When no process uses the lanes of the dead one any more: drops what it held, frees the memory that it owned.
  void sweep_memory(rpc::Slot dead);

  // A block of the node's is held once more by the process, which is told of it, or by the node; by the node once less.
  void hold_block(std::uint64_t block, rpc::Slot whose);
  void let_go_of_block(std::uint64_t block);
  bool is_wire(std::uint64_t block) const { return wires_.contains(block); }
  std::optional<rpc::Slot> maker_of(ObjectId id) const;  // of a pending object
  std::vector<scheduler::ProcessSlot> holders_of(std::uint64_t block) const {
    return blocks_.holders_of(block);
  }
  // For each of the blocks the processes that hold an object whose value lies there. It looks at all objects.
  using Slots = std::set<rpc::Slot>;
  std::map<std::uint64_t, Slots> with_refs_to(const std::set<std::uint64_t>& blocks) const;
  std::size_t published() const { return objects_.size(); }
  std::size_t blocks() const { return blocks_.size(); }  // adopted, or held beyond their makers
  std::size_t bytes_of_values() const { return objects_.bytes(); }  // in this process's own memory
  bool unsettled() const { return !new_objects_.empty() || !new_blocks_.empty(); }
  // What is unsettled now is settled when the sweep over all rings that begins now is complete.
  void begin_sweep();
  void settle();

 private:
  void run_steps();
  template <class Visit>
  void each_buffer(std::span<const std::byte> wire, Visit&& visit) const;
  void count_contents(std::span<const std::byte> wire, rpc::Slot whose, std::int64_t count);
  void take_over(std::uint64_t block);

  Peers& peers_;
  objectstore::Arena& arena_;
  HoldActor hold_actor_;
  BlockHeld block_held_;
  std::unordered_set<std::uint64_t> wires_;  // blocks in which the wire form of a value lies
  Publications objects_;
  BlockCounts blocks_;
  std::vector<ObjectId> new_objects_, sweeping_objects_;
  std::vector<std::uint64_t> new_blocks_, sweeping_blocks_;
};

}  // namespace manta::detail::node
