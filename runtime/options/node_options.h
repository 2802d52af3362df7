// What a node is told when it starts: InitOptions, resolved and checked. Values; any thread.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "../../base/id.h"

namespace manta::detail {

struct NodeOptions {
  double cpus = 1;
  std::map<std::string, double> resources = {};  // others than CPUs
  std::uint64_t object_store_bytes = std::uint64_t{1} << 30;
  bool log_to_driver = true;
  bool keep_logs = false;                       // MANTA_KEEP_LOGS=1: the session's directory stays
  std::map<std::string, std::string> env = {};  // added to the workers' environment
  std::string working_dir = {};                 // of the workers; empty: the driver's
  std::string program = {};                     // executable of node and workers; empty: ours
  std::vector<std::string> program_args = {};
  std::vector<std::string> libraries = {};  // loaded by each worker
  int prestart = -1;  // workers from the beginning; -1: one per CPU, at most 4
};

}  // namespace manta::detail
