// A Lane is a pair of rings between two processes that call each other often: the owner of tasks
// and a leased worker, or a caller and an actor. The node hands lanes out by number and takes them
// back.
//
//   caller --to_callee--> callee        free (all zero) --node assigns--> in use --discard--> free
//          <--to_caller--
//
// Invariant: an end writes only after it has seen its own slot and epoch in the header.
// Threads:   each ring has one writer and one reader; the header is written by the node, except
//            `started` (the callee), `flags` (both) and `taken` (the caller; the callee
//            sets it to 0 when nobody writes it).
#pragma once
#include <atomic>
#include <cstdint>

#include "ring.h"

namespace manta::rpc {

// A process of the session: 0 is the node, 1 the driver, 2 and above are workers.
using Slot = std::uint16_t;

inline constexpr std::uint32_t kLaneRingBytes = 256 * 1024;

struct LaneHeader {
  // The slots of the two ends and their epochs. SYNC: the node stores them before it tells the ends of the lane.
  std::atomic<std::uint32_t> caller;
  std::atomic<std::uint32_t> caller_epoch;
  std::atomic<std::uint32_t> callee;
  std::atomic<std::uint32_t> callee_epoch;
  // The number of the call that the callee has begun last. SYNC: stored with release before user
  // code runs, so that whoever finds the callee dead knows in which call it died.
  alignas(64) std::atomic<std::uint64_t> started;
  // Of the runtime, which gives them their meaning. SYNC: see LaneFlag.
  alignas(64) std::atomic<std::uint32_t> flags;
  // Likewise: what the caller says to a call that runs. SYNC: see kAwaitsTaker.
  std::atomic<std::uint64_t> taken;
};

struct Lane {
  LaneHeader* header = nullptr;
  RingMemory to_callee;
  RingMemory to_caller;
};

}  // namespace manta::rpc
