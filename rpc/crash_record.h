// What a dying process leaves in its page of the control memory, written by its signal handler and
// read by the node once the process is dead. Plain memory: no allocation, no pointer to follow.
//
// Invariant: nothing but `complete` is valid before `complete` is 1.
// Threads:   one writer (the handler of the first fatal signal), then one reader.
#pragma once
#include <atomic>
#include <cstdint>

#include <manta/base/build_settings.h>

namespace manta::rpc {

inline constexpr std::uint32_t kMaxCrashFrames = 32;

struct CrashRecord {
  std::atomic<std::uint32_t> complete;  // SYNC: stored last with release, loaded with acquire
  std::int32_t signal;
  std::int32_t code;  // si_code
  std::uint32_t frame_count;
  std::uint64_t fault_address;            // si_addr
  std::uint64_t image_base;               // where the main executable is mapped (its load bias)
  std::uint64_t frames[kMaxCrashFrames];  // raw return addresses, innermost first

  void clear() {  // before the page is used again
    complete.store(0, std::memory_order_relaxed);
    signal = code = 0;
    frame_count = 0;
    fault_address = image_base = 0;
  }
};

}  // namespace manta::rpc
