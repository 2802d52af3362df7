// What a node says of itself to tools (`manta status`). Threads: values. Errors: what cannot be decoded is nothing.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../../objectstore/arena/store_stats.h"
#include "resources.h"

namespace manta::detail {

struct JobStatus {
  std::string job = {};
  int driver = 0;            // its process number
  std::string program = {};  // of its workers
  std::uint64_t workers = 0;
  bool left = false;    // its driver has, and detached actors of it live
  bool ending = false;  // its driver has left, and its processes are still there
};

struct NodeStatus {
  std::string version = {};
  std::string node = {};
  std::string directory = {};  // the address
  int pid = 0;
  bool standing = false;  // else it is that of a private session
  std::uint64_t actors = 0;
  NodeResources resources = {};
  StoreStats store = {};
  std::vector<JobStatus> jobs = {};
};

std::vector<std::byte> encode(const NodeStatus& status);
std::optional<NodeStatus> decode_node_status(std::span<const std::byte> bytes);

}  // namespace manta::detail
