// `manta start`, `manta status`, `manta stop`: a node of this user that many programs join.
//
// Errors: RuntimeError and InvalidArgument, with what to do.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "../runtime/wire/node_status.h"

namespace manta::cli {

// As they are on the command line; what is empty is as InitOptions has it.
struct StartOptions {
  std::optional<double> cpus = {};
  std::string resources = {};  // "a=1,b=2"
  std::string labels = {};     // "k=v,l=w"
  std::optional<std::uint64_t> object_store_bytes = {};
  bool json = false;
};
struct NodeCommand {
  std::string address = {};  // empty or "auto": of `stop` the only one, of `status` all
  bool json = false;
};

// Each gives what is to be printed. start() returns when drivers can join, stop() when the node is gone.
std::string start(const StartOptions& options);
std::string status(const NodeCommand& command);
std::string stop(const NodeCommand& command);

std::string text_of(const std::vector<detail::NodeStatus>& nodes, bool json);

}  // namespace manta::cli
