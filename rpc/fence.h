// The two machine instructions that the lock-free code of this folder needs beside std::atomic.
//
// Threads: any.
#pragma once
#include <atomic>

#include "../base/sanitizers.h"

namespace manta::rpc {

// Orders every access before it against every access after it, stores before loads included:
// "push, fence, is it parked?" at one end and "park, fence, was something pushed?" at the other.
// SYNC: what the callers say; they state what becomes visible.
inline void full_fence() {
#ifdef MANTA_TSAN
  // ThreadSanitizer knows no fences, and needs none to judge, because all data is published by release and acquire.
  // The processor gets its barrier from a locked instruction.
  static thread_local std::atomic<int> barrier{0};
  barrier.fetch_add(1, std::memory_order_seq_cst);
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

// The same directly after an atomic read-modify-write, which on x86 is one already.
inline void full_fence_after_rmw() {
#if defined(__x86_64__) || defined(MANTA_TSAN)
  std::atomic_signal_fence(std::memory_order_seq_cst);
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

// Tells the core that this is a spin loop.
inline void cpu_pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace manta::rpc
