// What a node is told when it starts: InitOptions, resolved and checked (resolve_options.h). Sizes are in bytes.
//
// Threads: a value.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "../../base/id.h"
#include "store_addresses.h"

namespace manta::detail {

// Where manta::run_if_worker() is, as code/code_id.h names a place, if the driver's Manta is part of a shared library:
// workers that have the same library run by the Manta in there, and not by that of their program. Else zero.
struct LibraryEntry {
  std::uint64_t image = 0;
  std::uint64_t offset = 0;
};

struct NodeOptions {
  // "auto", or the directory of a node that runs: the session joins that. Empty: it has a node of its own.
  std::string address = {};
  // The node belongs to no driver, and ends when it is told to: `manta start`.
  bool standing = false;
  double cpus = 1;
  std::map<std::string, double> resources = {};  // others than those that follow
  std::uint64_t memory_bytes = 0;                // that tasks may reserve
  std::uint64_t usable_memory = 0;               // of the machine, as far as its cgroups allow
  // As CUDA_VISIBLE_DEVICES names them, one by one.
  std::vector<std::string> gpus = {};
  std::map<std::string, std::string> labels = {};
  std::uint64_t object_store_bytes = std::uint64_t{1} << 30;
  StoreAddresses store_addresses = {};
  // Where the store continues when it is full: absolute directories, or one s3://bucket/prefix. Empty: the session's
  // directory, or /var/tmp if that lies in memory.
  std::vector<std::string> spill_dirs = {};
  std::int64_t put_timeout_ms = 60'000;
  bool log_to_driver = true;
  // MANTA_KEEP_LOGS=1: the directory of the session stays.
  bool keep_logs = false;
  // Added to the environment of the workers.
  std::map<std::string, std::string> env = {};
  // What it is added to, as "A=1", if that is not the node's own environment: that of a driver that has joined.
  std::optional<std::vector<std::string>> environment = {};
  std::string name_space = {};  // of actors' names
  // Of the workers; empty: the driver's.
  std::string working_dir = {};
  // The executable of node and workers, and its arguments; empty: the driver's own.
  std::string program = {};
  std::vector<std::string> program_args = {};
  // Loaded by each worker before it runs anything of the user's.
  std::vector<std::string> libraries = {};
  LibraryEntry library_entry = {};
  // Workers that start with the node; -1: one per CPU, at most 4.
  int prestart = -1;
  // MANTA_LOCAL=1: tasks and actors run in the driver (worker/local_session.h); there are no workers.
  bool local = false;
};

}  // namespace manta::detail
