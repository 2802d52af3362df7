// The control memory of a session: one sparse memfd that all its processes map read-write. It holds
// all that they share but the bytes of objects, in plain structs at fixed places. All-zero is "not in use".
//
//   | session header | process pages | node rings, a pair per slot | lanes | the store's metadata |
//     64 KiB           4 KiB each      4 KiB + 2 x 1 MiB each         4 KiB + 2 x 256 KiB each
//
// It takes about 40 GB of address space, of which only what was used costs memory: memory_in_use(), which counts
// against the store's budget. Quiet rings use only their first pages (ring.h). The processes of a
// session are one build of one program; a layout version in the header refuses anything else.
// Invariants: (1) no pointer lies in it; (2) nothing in it is ever locked, so that nobody can die holding a lock.
// Threads:    a Control is immutable after construction; the parts say what holds for them.
// Units:      bytes.
// Errors:     create() and the constructor throw std::system_error (no memory, no descriptor), and
//             std::runtime_error for the layout of another build.
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "../base/fd.h"
#include "cores.h"
#include "crash_record.h"
#include "doorbell.h"
#include "lane.h"
#include "ring.h"

namespace manta::rpc {

inline constexpr Slot kNodeSlot = 0;
inline constexpr Slot kDriverSlot = 1;
inline constexpr std::uint32_t kMaxSlots = 2048;
inline constexpr std::uint32_t kMaxLanes = 65536;
inline constexpr std::uint32_t kNodeRingBytes = 1024 * 1024;
// To be counted up with every change of these structs.
inline constexpr std::uint32_t kLayoutVersion = 7;

struct ControlOptions {
  std::uint64_t arena_bytes = 0;
  std::uint64_t store_meta_bytes = 0;    // 0: a sixteenth of the arena, and 4 MiB
  std::uint32_t cores = 1;               // usable_cores()
  std::chrono::nanoseconds wake_cost{};  // measure_wake_cost()
};

struct SessionHeader {
  std::uint64_t magic;
  std::uint32_t layout_version;
  std::uint32_t page_bytes;
  std::uint64_t total_bytes;
  std::uint64_t arena_bytes;
  std::uint64_t store_meta_bytes;
  alignas(128) CoresPage cores;
  // How many messages the node has handled. SYNC: none, it is a figure only.
  alignas(128) std::atomic<std::uint64_t> node_messages;
  // The node has as many bytes of published values as it is to have: more go into the store. SYNC: none, a hint.
  alignas(128) std::atomic<bool> node_has_enough;
};

// One per slot. Its first cache line is what peers look at after each push.
struct ProcessPage {
  alignas(128) Doorbell bell;
  // It runs user code: see ring_unless_busy() and Progress::set_busy().
  std::atomic<std::uint32_t> busy;
  // SYNC: none: the node stores it for messages only.
  alignas(128) std::atomic<std::int32_t> pid;
  // Of the slot: counted up each time it is used again. SYNC: the node counts before it starts the process.
  std::atomic<std::uint32_t> epoch;
  std::atomic<std::int32_t> active_threads;  // this process's part of CoresPage::active
  // Of a worker's standard output (bit 0) and error (bit 1) the node has the beginning of a line.
  std::atomic<std::uint32_t> held_lines;
  alignas(128) CrashRecord crash;
};

// The rings between a process and the node.
struct RingPair {
  RingMemory to_node;
  RingMemory from_node;
};

// To be called after pushing a call to an executor: like ring(), but not when the executor will look by itself.
inline void ring_unless_busy(ProcessPage& page) { ring_call(page.bell, page.busy); }

class Control {
 public:
  // The memory of a new session, by the node.
  static base::Fd create(const ControlOptions& options);
  static std::uint64_t size_for(std::uint64_t store_meta_bytes);
  // What control memory takes of the machine's memory now: pages of it that were ever written to, and not discarded.
  static std::uint64_t memory_in_use(int fd);
  explicit Control(int fd);  // maps the memory; `fd` may be closed afterwards
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  SessionHeader& session() const;
  ProcessPage& process(Slot slot) const;
  RingPair node_rings(Slot slot) const;
  Lane lane(std::uint32_t index) const;
  Cores cores(Slot self) const { return {session().cores, process(self).active_threads}; }
  std::byte* store_meta() const;
  std::size_t store_meta_size() const { return session().store_meta_bytes; }

  // In a forked child, which does not have the mapping: keeps its place, so that nothing else is mapped there.
  void reserve_in_child() const;

  // By the node, when nobody uses the lane or slot any more: it is all zero again, and its memory is given back.
  // discard_slot() counts the epoch up and keeps it, and takes the process's threads out of Cores.
  void discard_lane(std::uint32_t index) const;
  void discard_slot(Slot slot) const;

 private:
  std::byte* at(std::uint64_t offset) const { return base_ + offset; }
  void discard(std::uint64_t offset, std::uint64_t bytes) const;

  std::byte* base_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace manta::rpc
