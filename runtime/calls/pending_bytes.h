// The PendingBytes of a process are those of its calls that wait: they are bounded, by 1 GiB, which is at least four
// million calls of the usual size. See waiting/room_for_calls.h.
//
// Threads: any.
#pragma once
#include <atomic>
#include <cstdint>

#include "../../base/build_settings.h"

namespace manta::detail {

class PendingBytes {
 public:
  static constexpr std::uint64_t kMost = std::uint64_t{1} << 30;

  // SYNC: relaxed: the count alone is of interest.
  void add(std::uint64_t bytes) { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  void remove(std::uint64_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::uint64_t count() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> bytes_{0};
};

inline constinit PendingBytes pending_bytes;  // a session has no calls of the one before

}  // namespace manta::detail
