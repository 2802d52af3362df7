#include "node_status.h"

#include "payload.h"

namespace manta::detail {

std::vector<std::byte> encode(const NodeStatus& status) { return pack(status); }

std::optional<NodeStatus> decode_node_status(std::span<const std::byte> bytes) {
  return unpack<NodeStatus>(bytes);
}

}  // namespace manta::detail
