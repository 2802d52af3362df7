// What a dying process leaves in its page of the control memory, written by its signal handler and
// read by the node once the process is dead. Plain memory: no allocation, no pointer to follow.
//
// Invariant: nothing but `complete` is valid before `complete` is 1.
// Threads:   one writer (the handler of the first fatal signal), then one reader.
#pragma once
#include <atomic>
#include <cstdint>

#include "../base/build_settings.h"

namespace manta::rpc {

inline constexpr std::uint32_t kMaxCrashFrames = 48;
inline constexpr std::uint32_t kMaxCrashImages = 10;

// A file that code of a frame was mapped from.
struct CrashImage {
  std::uint64_t begin;  // where its first mapping began
  std::uint64_t end;    // of the mapping with the code
  char path[224];       // cut, zero-terminated
};

struct CrashRecord {
  std::atomic<std::uint32_t> complete;  // SYNC: stored last with release, loaded with acquire
  std::int32_t signal;
  std::int32_t code;  // si_code
  std::uint32_t frame_count;
  std::uint32_t image_count;
  std::uint32_t first_is_exact;           // frames[0] is the instruction that faulted
  std::uint64_t fault_address;            // si_addr
  std::uint64_t full_stack;               // bytes of the stack that overflowed; 0: none did
  std::uint64_t frames[kMaxCrashFrames];  // raw return addresses, innermost first
  CrashImage images[kMaxCrashImages];

  void clear() {  // before the page is used again
    complete.store(0, std::memory_order_relaxed);
    signal = code = 0;
    frame_count = image_count = first_is_exact = 0;
    fault_address = full_stack = 0;
  }
};

}  // namespace manta::rpc
