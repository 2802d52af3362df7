#include "resources.h"

#include "payload.h"

namespace manta::detail {

std::vector<std::byte> encode(const NodeResources& resources) { return pack(resources); }

std::optional<NodeResources> decode_node_resources(std::span<const std::byte> bytes) {
  return unpack<NodeResources>(bytes);
}

}  // namespace manta::detail
