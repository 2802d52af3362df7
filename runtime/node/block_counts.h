// The blocks of the store that the node frees: those that another process than their maker's uses beyond a call, and
// those of published values.
//
//   held, not adopted --adopt()--> adopted --settle() when nobody holds it--> freed, gone
//        \--settle() when nobody holds it--> gone (its maker still frees it)
//
// A hold may be read before AdoptBlock, which comes on another ring. Events are calls; what the node must then do is
// appended to steps(). Invariant: a block is freed once, after one sweep over all rings with its count at zero.
// Threads: confined. Units: arena offsets.
#pragma once
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "../../scheduler/holders.h"

namespace manta::detail::node {

struct BlockStep {
  enum class Kind { kTakeOver, kFree };  // kTakeOver: give the block the node's tag
  Kind kind;
  std::uint64_t block;

  bool operator==(const BlockStep&) const = default;
};

class BlockCounts {
 public:
  using ProcessSlot = scheduler::ProcessSlot;

  void adopt(std::uint64_t block, ProcessSlot process, std::int64_t count);
  void add_holds(std::uint64_t block, ProcessSlot process, std::int64_t count);
  void strike(ProcessSlot process);
  // Blocks that some process holds and none has adopted: those of a dead maker must be adopted before its memory is
  // swept.
  std::vector<std::uint64_t> held_unadopted() const;

  std::vector<std::uint64_t> take_unsettled();
  void settle(std::uint64_t block);

  // The processes that hold the block; slot 0 stands for the records of published objects.
  std::vector<ProcessSlot> holders_of(std::uint64_t block) const;
  std::size_t size() const { return records_.size(); }
  std::vector<BlockStep>& steps() { return steps_; }

 private:
  struct Record {
    bool adopted = false;
    scheduler::Holders holders;
  };

  std::unordered_map<std::uint64_t, Record> records_;
  std::vector<std::uint64_t> unsettled_;
  std::vector<BlockStep> steps_;
};

}  // namespace manta::detail::node
