#include "resources.h"

#include "payload.h"

namespace manta::detail {

std::vector<std::byte> encode(const Resources& resources) {
  return resources.empty() ? std::vector<std::byte>() : pack(resources);
}

std::vector<std::byte> encode(const NodeResources& resources) { return pack(resources); }

std::optional<Resources> decode_resources(std::span<const std::byte> bytes) {
  if (bytes.empty()) return Resources();
  return unpack<Resources>(bytes);
}

std::optional<NodeResources> decode_node_resources(std::span<const std::byte> bytes) {
  return unpack<NodeResources>(bytes);
}

}  // namespace manta::detail
