// Named amounts of resources, as payloads. Threads: any. Errors: what cannot be decoded is nothing.
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
};

std::vector<std::byte> encode(const Resources& resources);  // empty if there are none
std::vector<std::byte> encode(const NodeResources& resources);
std::optional<Resources> decode_resources(std::span<const std::byte> bytes);
std::optional<NodeResources> decode_node_resources(std::span<const std::byte> bytes);

}  // namespace manta::detail
