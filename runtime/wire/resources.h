// What a node has, as a payload. Threads: any. Errors: what cannot be decoded is nothing.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "../options/options.h"

namespace manta::detail {

// What a node has, and what of it is not taken by actors and by tasks that run.
struct NodeResources {
  Resources total = {};
  Resources available = {};
  Labels labels = {};
};

std::vector<std::byte> encode(const NodeResources& resources);
std::optional<NodeResources> decode_node_resources(std::span<const std::byte> bytes);

}  // namespace manta::detail
