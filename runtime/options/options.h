// The options of sessions, tasks, actors and calls. Each has the default that most programs want; the fields are
// written by name, in the order in which they stand here, which is part of the contract:
//
//   manta::remote(load, {.name = "load", .cpus = 2})(path)
//
// An option marked "not supported yet" is refused with InvalidArgument when it has another value than its default: it
// is never ignored. Amounts of memory are in bytes. Threads: values.
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

// Amounts by name: "CPU", "GPU", "memory" (bytes), and names of the user's own. In options the first three have fields
// of their own.
using Resources = std::map<std::string, double>;
// What a node says of itself: name and value. Neither is empty, has blanks, or any of , ( ) = or ! in it.
using Labels = std::map<std::string, std::string>;
// Which nodes fit, by label: each value is "v", "!v", "in(a,b)" or "!in(a,b)". A node that lacks the label fits those
// with a "!". All must fit.
using LabelSelector = std::map<std::string, std::string>;
// Variables of the environment and their values.
using Environment = std::map<std::string, std::string>;

// A set of resources that is reserved together. Not supported yet: there are no values of this type.
class PlacementGroup;

// Where a task or an actor may run. This version has one node, so that Default and Spread mean the same; InGroup is not
// supported yet.
struct Default {};  // where there is room
struct Spread {};   // on as many nodes as possible
// On this node; if `soft`, elsewhere when there is no room, or no such node. Else Unschedulable from get().
struct OnNode {
  NodeId id = {};
  bool soft = false;
};
// In the resources that a placement group has reserved; bundle -1: in any of them.
struct InGroup {
  InGroup() = default;
  InGroup(const PlacementGroup& of, int in_bundle = -1);

  std::shared_ptr<const PlacementGroup> group = {};
  int bundle = -1;
};
// One of them.
using SchedulingStrategy = std::variant<Default, Spread, OnNode, InGroup>;

// Of a remote function: manta::remote(f, TaskOptions{...}).
struct TaskOptions {
  // Shown in errors, logs and tools; at most 1 KiB. Empty: the function's own name.
  std::string name = {};
  // Reserved while the task runs: 0, a fraction or more. InvalidArgument at the call if it is negative or not finite.
  // Its whole part, at least 1, is how many threads OpenMP, OpenBLAS and MKL use in the worker (OMP_NUM_THREADS,
  // OPENBLAS_NUM_THREADS, MKL_NUM_THREADS), unless the user has set these: in the driver's environment or in
  // InitOptions::env.
  double cpus = 1;
  // A whole number, or a part of one GPU: below 1. The worker sees just these: this_task().gpus(), and
  // CUDA_VISIBLE_DEVICES, which never changes in a process. Several tasks may have parts of one GPU.
  double gpus = 0;
  // Bytes, reserved while the task runs, also while it waits. It is not a limit on what the task allocates.
  std::uint64_t memory = 0;
  // Amounts of the custom resources that InitOptions::resources names.
  Resources resources = {};
  // How often the task is tried again after its worker has crashed; -1: for ever. Not if it crashes with the same stack
  // as the time before. See remote.h.
  int max_retries = 3;
  // Whether it is tried again, as often, after an exception of its own, too.
  bool retry_exceptions = false;
  // On which node it runs. InvalidArgument at the call for an OnNode without an id, and for InGroup.
  SchedulingStrategy strategy = {};
  // What that node's labels must be; {}: anything. If no node has them: Unschedulable from get(). InvalidArgument at
  // the call for a condition that cannot be read.
  LabelSelector label_selector = {};
  // Added to the environment of the worker, which runs only tasks with the same `env`. The worker has it from its start
  // on, so that PATH and LD_LIBRARY_PATH work. Tasks that this one calls do not inherit it. InvalidArgument for a name
  // that begins with MANTA_, and for any in a local session (MANTA_LOCAL=1).
  Environment env = {};
  // From the call: a task that has not ended then is dropped, or its worker ended; its result is DeadlineExceeded.
  std::optional<Timeout> deadline = {};
  // Of a generator: it waits while so many of its items were not taken; 0: it never waits.
  std::size_t max_buffered = 0;
};

// Whether an actor ends with its last handle (counted), or lives on without one (detached).
enum class Lifetime { counted, detached };
// Whether an actor has a process of its own, or shares one with others.
enum class Placement { process, shared };

// Of an actor: manta::actor<T>(ActorOptions{...}, args...).
struct ActorOptions {
  // By which get_actor() finds it, as long as it lives, in its name space: one of that name at a time. At most 1 KiB.
  std::string name = {};
  std::string name_space = {};  // default: the session's, InitOptions::name_space
  // Detached: it ends by kill() or exit_actor(), and with its node; on a node that several programs join it outlives
  // its session.
  Lifetime lifetime = Lifetime::counted;
  // If there is an actor of that name already, actor() gives a handle of that one instead of AlreadyExists.
  bool get_if_exists = false;
  int max_restarts = 0;                                // not supported yet
  int max_task_retries = 0;                            // not supported yet
  int max_concurrency = 1;                             // above 1: not supported yet
  std::map<std::string, int> concurrency_groups = {};  // not supported yet
  std::size_t max_pending_calls = 0;                   // not supported yet
  Placement placement = Placement::process;            // shared: not supported yet
  // Reserved as long as the actor lives. This and what follows: as in TaskOptions.
  double cpus = 0;
  double gpus = 0;
  std::uint64_t memory = 0;
  Resources resources = {};
  SchedulingStrategy strategy = {};
  LabelSelector label_selector = {};
  Environment env = {};
};

// Of the calls through one handle: handle.with(CallOptions{...}).
struct CallOptions {
  // Shown in errors and tools instead of the method's name; at most 1 KiB.
  std::string name = {};
  std::string concurrency_group = {};        // not supported yet
  std::optional<int> max_task_retries = {};  // not supported yet
  bool retry_exceptions = false;             // not supported yet
  // From the call: one that has not ended then is dropped, or asked to end; its result is DeadlineExceeded.
  std::optional<Timeout> deadline = {};
  std::size_t max_buffered = 0;  // as TaskOptions::max_buffered, of a method that is a generator
};

// Of a put: manta::put(value, PutOptions{...}).
struct PutOptions {
  // Shown by `manta memory`, which can sort and group by it; at most 1 KiB. It names nothing else: several objects may
  // have one name, and none is found by it.
  std::string name = {};
};

// The program that the node and the workers run. Another one than the driver's has other functions, which are called by
// name (remote_named); its main() does not run.
struct WorkerProgram {
  // It must be linked with manta::manta, or call run_if_worker(). Empty: the driver's own program. Needed where Manta
  // is in a shared library that the driver's program has loaded.
  std::filesystem::path path = {};
  // After argv[0].
  std::vector<std::string> args = {};
  // Shared libraries that each worker loads (dlopen) before anything else of the user's. If the driver's Manta is in
  // one of them, the Manta in there runs the worker.
  std::vector<std::filesystem::path> libraries = {};
};

// Of a session: manta::init(InitOptions{...}). Each option has a variable in the environment, which applies where the
// field has its default: MANTA_ADDRESS, _CPUS, _GPUS, _MEMORY, _RESOURCES ("a=1,b=2"), _OBJECT_STORE_BYTES,
// _SPILL_DIRS, _NAMESPACE, _LOG_TO_DRIVER, _WORKING_DIR, _LABELS, _PUT_TIMEOUT (seconds), _OVERFLOW. A size is a number
// of bytes, or has a unit: 300M, 1.5GiB (1024 each, as K, M, G and T), 300MB (1000 each). MANTA_LOCAL=1 runs tasks and
// actors in the driver, for debuggers: docs/guide/debugging.md.
struct InitOptions {
  // Empty: a private node on this machine. "auto": joins the node that this user has started by `manta start`; or what
  // that has said, to name one of several. Then what a node has (cpus, resources, ...) cannot be given. Other machines,
  // "host:port": not supported yet.
  std::string address = {};
  // Above 0; default: the cores that this process might use when it was started, or the CPU time that its cgroups
  // allow, rounded up to whole CPUs, if that is less.
  std::optional<double> cpus = {};
  // How many GPUs tasks may ask for; whole. Their ids are the first of CUDA_VISIBLE_DEVICES (in `env`, else of the
  // driver), or count from 0. If there are any, CUDA_VISIBLE_DEVICES is empty in workers that have none.
  double gpus = 0;
  // Bytes that tasks may ask for. Default: the memory of the machine, or what its cgroups allow, without the object
  // store.
  std::optional<std::uint64_t> memory = {};
  // The custom resources of the node.
  Resources resources = {};
  // All memory that the processes share. 16 MiB to 32 TiB; default: 30 % of the memory of the machine, or of what its
  // cgroups allow, if that is less.
  std::optional<std::uint64_t> object_store_bytes = {};
  // Directories on disk for what the store has no room for in memory, which are made if they do not exist; or one
  // s3://bucket/prefix. Default: the session's directory, or /var/tmp if that lies in memory. MANTA_SPILL_DIRS has
  // commas between them.
  std::vector<std::string> spill_dirs = {};
  // In which this session's actors have their names, unless their options say otherwise: any text of at most 1 KiB.
  // Programs on one node whose name spaces are the same see the same names.
  std::string name_space = {};
  // Whether the driver prints what the workers print, each line with its origin.
  bool log_to_driver = true;
  // Of the workers; default: the driver's.
  std::filesystem::path working_dir = {};
  // Added to the environment of the workers, which have the driver's, but for what binds threads to cores
  // (OMP_PROC_BIND, OMP_PLACES, GOMP_CPU_AFFINITY, KMP_AFFINITY): that is turned off, unless it is given here.
  Environment env = {};
  // Of the node: what TaskOptions::label_selector selects by. MANTA_LABELS is "a=1,b=2".
  Labels labels = {};
  WorkerProgram worker = {};
  // How long a put, an array or a result for which neither memory nor disk has room waits for it: then it throws
  // ObjectStoreFull or OutOfDisk. Default: 60 s.
  std::optional<Timeout> put_timeout = {};
  // Whether what is in use beyond object_store_bytes continues in a file in one of the spill_dirs. MANTA_OVERFLOW=0.
  bool overflow = true;
};

namespace detail {

// What a call without options has. As a default argument `{}` would not do: in a co_await expression GCC 12 destroys it
// twice.
template <class Options>
Options no_options() {
  return {};
}

}  // namespace detail
}  // namespace manta
