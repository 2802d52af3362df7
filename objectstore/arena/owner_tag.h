// An owner tag says who frees a block: a process, by its slot, or the node, whose slot is 0.
#pragma once
#include <cstdint>

#include "../../base/build_settings.h"

namespace manta::objectstore {

using OwnerTag = std::uint16_t;
inline constexpr OwnerTag kNobody = 0;  // the block is free
inline constexpr OwnerTag kNodeTag = 0xFFFF;
constexpr OwnerTag tag_of_slot(std::uint16_t slot) { return slot == 0 ? kNodeTag : slot; }

}  // namespace manta::objectstore
