// An owner tag says who frees a block: a process, by its slot, or the node, whose slot is 0.
#pragma once
#include <cstdint>

#include "../../base/build_settings.h"

namespace manta::objectstore {

using OwnerTag = std::uint16_t;
inline constexpr OwnerTag kNobody = 0;  // the block is free
inline constexpr OwnerTag kNodeTag = 0xFFFF;
constexpr OwnerTag tag_of_slot(std::uint16_t slot) { return slot == 0 ? kNodeTag : slot; }

// The tag of a block while its owner sets it (SlabTable::tag_block()), which may be where that died. Slots are below
// 2048, and so are tags but that of the node.
inline constexpr OwnerTag kTentativeBit = 0x4000;
constexpr OwnerTag tentative(OwnerTag owner) { return owner ^ kTentativeBit; }
// The owner for those that only look: nobody as long as the tag is tentative.
constexpr OwnerTag settled(OwnerTag tag) {
  return tag == kNodeTag || tag < kTentativeBit ? tag : kNobody;
}

}  // namespace manta::objectstore
