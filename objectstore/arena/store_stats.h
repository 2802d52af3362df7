// StoreStats: what one node's object store holds, in bytes. A plain value.
#pragma once
#include <cstdint>

#include "../../base/build_settings.h"

namespace manta {

// Looked at while it changes: the figures belong to about the same moment. What was read back from disk lies in both
// places until memory is needed: its bytes count in `used` and in `spilled`, and its block once in `objects`.
struct StoreStats {
  std::uint64_t capacity = 0;  // the budget, of which rings and tables take a part
  std::uint64_t used = 0;      // in live blocks in memory, unfrozen arrays included
  // Of `used`, in blocks whose maker or receiver owns them still: the rest is of published values, which the node owns
  // and may spill.
  std::uint64_t pinned = 0;
  // In live blocks that are on disk now: what was spilled, whether or not it was read back since, and what found no
  // room in memory when it was made.
  std::uint64_t spilled = 0;
  std::uint64_t objects = 0;  // live blocks, wherever they are
};

}  // namespace manta
