// Why the object store has no memory for a block.
#pragma once
#include <cstdint>

#include "../../base/build_settings.h"

namespace manta::objectstore {

enum class StoreError : std::uint8_t {
  kFull,      // the budget leaves no room now
  kTooLarge,  // it would not fit into the empty store either
  kNoMemory,  // the kernel refuses to commit memory
  kNoDisk,    // memory has no room, and the disk of the overflow has none
};

}  // namespace manta::objectstore
