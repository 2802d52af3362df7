// StoreStats: what one node's object store holds, in bytes. A plain value.
#pragma once
#include <cstdint>

#include "../../base/build_settings.h"

namespace manta {

struct StoreStats {
  std::uint64_t capacity = 0;  // the budget, of which rings and tables take a part
  std::uint64_t used = 0;      // in live blocks in memory, unfrozen arrays included
  std::uint64_t pinned = 0;    // of these, in blocks that a process other than the node owns
  std::uint64_t spilled = 0;   // in live blocks on disk, for which memory had no room
  std::uint64_t objects = 0;   // live blocks, wherever they are
};

}  // namespace manta
