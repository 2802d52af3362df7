// The options of sessions, tasks, actors and calls. Field order is part of the contract (designated initializers).
// What this version does not support yet is refused with InvalidArgument, never ignored: see each field.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "../../base/id.h"
#include "../../base/timeout.h"

namespace manta {

using Resources = std::map<std::string, double>;  // "CPU", "GPU", "memory" (bytes) and custom names
using Labels = std::map<std::string, std::string>;
using LabelSelector =
    std::map<std::string, std::string>;  // value: "v", "!v", "in(a,b)", "!in(a,b)"
using Environment = std::map<std::string, std::string>;

class PlacementGroup;

struct Default {};
struct Spread {};
struct OnNode {
  NodeId id = {};
  bool soft = false;
};
// Placement groups are not supported yet: PlacementGroup has no values.
struct InGroup {
  InGroup() = default;
  InGroup(const PlacementGroup& of, int in_bundle = -1);

  std::shared_ptr<const PlacementGroup> group = {};
  int bundle = -1;
};
// Where a task may run. This version has one node: Default and Spread are the same; the others are refused.
using SchedulingStrategy = std::variant<Default, Spread, OnNode, InGroup>;

struct TaskOptions {
  std::string name =
      {};           // shown in errors, logs and tools; at most 1 KiB; default: the function's name
  double cpus = 1;  // may be 0 or a fraction; negative or not finite: InvalidArgument at the call
  double gpus = 0;  // above 0: not supported yet
  std::uint64_t memory = 0;       // bytes; above 0: not supported yet
  Resources resources = {};       // custom resources of InitOptions::resources
  int max_retries = 3;            // after a crash of the worker; -1: for ever; see remote.h
  bool retry_exceptions = false;  // not supported yet
  SchedulingStrategy strategy = {};
  LabelSelector label_selector = {};     // not supported yet
  Environment env = {};                  // not supported yet
  std::optional<Timeout> deadline = {};  // not supported yet
  std::size_t max_buffered = 0;          // generators: not supported yet
};

enum class Lifetime { counted, detached };
enum class Placement { process, shared };

struct ActorOptions {
  std::string name = {};                               // not supported yet
  std::string name_space = {};                         // not supported yet
  Lifetime lifetime = Lifetime::counted;               // detached: not supported yet
  bool get_if_exists = false;                          // not supported yet
  int max_restarts = 0;                                // not supported yet
  int max_task_retries = 0;                            // not supported yet
  int max_concurrency = 1;                             // above 1: not supported yet
  std::map<std::string, int> concurrency_groups = {};  // not supported yet
  std::size_t max_pending_calls = 0;                   // not supported yet
  Placement placement = Placement::process;            // shared: not supported yet
  double cpus = 0;                                     // held while the actor lives
  double gpus = 0;                                     // not supported yet
  std::uint64_t memory = 0;                            // not supported yet
  Resources resources = {};
  SchedulingStrategy strategy = {};
  LabelSelector label_selector = {};  // not supported yet
  Environment env = {};               // not supported yet
};

struct CallOptions {
  std::string name = {};               // shown in errors and tools instead of the method's name
  std::string concurrency_group = {};  // not supported yet
  std::optional<int> max_task_retries = {};  // not supported yet
  bool retry_exceptions = false;             // not supported yet
  std::optional<Timeout> deadline = {};      // not supported yet
  std::size_t max_buffered = 0;              // not supported yet
};

// What the node and the workers run. Another program than the driver's has other functions: call them by name
// (remote_named); its main() does not run.
struct WorkerProgram {
  std::filesystem::path path = {};     // linked with manta::manta; empty: the driver's
  std::vector<std::string> args = {};  // after argv[0]
  std::vector<std::filesystem::path> libraries = {};  // each worker loads them first (dlopen)
};

// Each option has a variable, which applies where the field has its default: MANTA_ADDRESS, _CPUS, _GPUS, _MEMORY,
// _RESOURCES ("a=1,b=2"), _OBJECT_STORE_BYTES, _SPILL_DIRS, _NAMESPACE, _LOG_TO_DRIVER, _WORKING_DIR, _LABELS, _PUT_TIMEOUT.
struct InitOptions {
  std::string address = {};                  // "": a private node; anything else: not supported yet
  std::optional<double> cpus = {};           // default: the cores this process may use
  double gpus = 0;                           // above 0: not supported yet
  std::optional<std::uint64_t> memory = {};  // not supported yet
  Resources resources = {};                  // custom resources of the node
  std::optional<std::uint64_t> object_store_bytes =
      {};                                    // default: 30 % of the memory this process may use
  std::vector<std::string> spill_dirs = {};  // not supported yet
  std::string name_space = {};               // not supported yet
  bool log_to_driver = true;                 // print the workers' output, tagged, in the driver
  std::filesystem::path working_dir = {};    // of the workers; default: the driver's
  Environment env = {};                      // added to the workers' environment
  Labels labels = {};                        // not supported yet
  WorkerProgram worker = {};                 // default: this executable; another: not supported yet
  std::optional<Timeout> put_timeout = {};   // not supported yet: a full store is an error at once
};

}  // namespace manta
