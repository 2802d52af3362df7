// How holds name the reply that they belong to (decision 009).
//
// Threads: plain data.
#pragma once
#include <cstdint>

namespace manta::detail {

// The reply to call number `sequence` of a lane; or item number `item`, from 1, of that call, a generator. Sequence 0:
// no reply, the reference is had already.
struct ReplyName {
  std::uint64_t sequence = 0;
  std::uint64_t item = 0;
  std::uint32_t lane = 0;

  explicit operator bool() const { return sequence != 0; }
  bool operator==(const ReplyName&) const = default;
};

}  // namespace manta::detail
