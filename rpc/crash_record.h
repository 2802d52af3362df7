// What a dying process leaves in its page of the control memory. Its signal handler writes it, and the node
// reads it when the process is dead. It is plain memory: nothing is allocated, and no pointer leads out of it.
//
// A process that ends itself, because it cannot continue, leaves a reason instead.
//
// Invariants: nothing but `has_reason` is valid before `complete` is 1, and `reason` not before `has_reason` is 1.
// Threads:    one writer of each (the handler of the first fatal signal; whoever ends the process), then one reader.
#pragma once
#include <atomic>
#include <cstdint>

#include "../base/build_settings.h"

namespace manta::rpc {

inline constexpr std::uint32_t kMaxCrashFrames = 48;
inline constexpr std::uint32_t kMaxCrashImages = 10;
inline constexpr std::uint32_t kMaxEndReason = 384;  // bytes

// A file that code of a frame was mapped from.
struct CrashImage {
  std::uint64_t begin;  // where its first mapping began
  std::uint64_t end;    // of the mapping with the code
  char path[224];       // cut, zero-terminated
};

struct CrashRecord {
  // SYNC: stored last, with release, and loaded with acquire: whoever finds 1 sees the record.
  std::atomic<std::uint32_t> complete;
  std::int32_t signal;
  std::int32_t code;  // si_code
  std::uint32_t frame_count;
  std::uint32_t image_count;
  std::uint32_t first_is_exact;           // frames[0] is the instruction that faulted
  std::uint64_t fault_address;            // si_addr
  std::uint64_t full_stack;               // size of the stack that overflowed; 0 if none did
  std::uint64_t frames[kMaxCrashFrames];  // raw return addresses, innermost first
  CrashImage images[kMaxCrashImages];
  // SYNC: as `complete`, of the reason.
  std::atomic<std::uint32_t> has_reason;
  char reason[kMaxEndReason];  // cut, zero-terminated

  // Before the page is used again. SYNC: none, its process is dead.
  void clear() {
    complete.store(0, std::memory_order_relaxed);
    has_reason.store(0, std::memory_order_relaxed);
    signal = code = 0;
    frame_count = image_count = first_is_exact = 0;
    fault_address = full_stack = 0;
  }
};

}  // namespace manta::rpc
