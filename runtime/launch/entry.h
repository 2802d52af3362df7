// How a process of a session begins. The library wraps the program's main (-Wl,--wrap=main), so that
// a process that Manta started enters here after static constructors, and never the user's main.
//
//   crt --> __wrap_main --no role--> the user's main (driver)
//                       --role node--> run_node()      --role worker--> worker_main()
//
// A library cannot wrap the main of the program that loads it: its sessions have a worker program of their own, which
// may enter by run_if_worker().
//
// The role is a sealed memfd, which the environment variable MANTA_ROLE_FD names; the variable is unset at once. A
// process that has the variable but cannot take its role says why and ends with kNoRoleExit (role.h).
// Threads: a process enters on its main thread; the questions below may be asked from any thread.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

#include "../../base/fd.h"
#include "../../base/id.h"
#include "../../objectstore/arena/arena_files.h"
#include "../../rpc/control.h"
#include "../options/node_options.h"
#include "node_process.h"

namespace manta::detail {

// What a process is told of its session, and of its part in it.
struct SessionPart {
  rpc::Slot slot = 0;
  rpc::Slot driver = rpc::kDriverSlot;
  std::filesystem::path directory = {};  // of the session
  JobId job = {};
  NodeId node = {};
  pid_t node_pid = 0;
  double cpus = 0;  // of the node
  std::uint64_t object_store_bytes = 0;
  std::uint64_t overflow_bytes = 0;  // of the store, on disk; told to workers only
  std::int64_t put_timeout_ms = 0;
  std::string name_space = {};
  // InitOptions::env. A worker has it in its environment already.
  std::map<std::string, std::string> env = {};
  // The ids of the GPUs that this process sees; in a driver those of the node.
  std::vector<int> gpus = {};
  // TaskOptions::env of the tasks that this worker runs.
  std::map<std::string, std::string> task_env = {};
  // A worker loads them before anything of the user's runs.
  std::vector<std::string> libraries = {};
  // Where the driver's Manta is, see NodeOptions.
  LibraryEntry library_entry = {};
};

// What a process needs to take part in a session. Its descriptors belong to what launch_node() returns, or to the
// argument of worker_main().
struct Attachment : SessionPart {
  // The memory of rpc::Control, and of objectstore::Arena.
  base::Fd control;
  objectstore::ArenaFiles arena;
  // An eventfd; rpc::bind_event_bell(node_bell.get()) comes before the first ring().
  base::Fd node_bell;
  // Of the driver only: the stream from the node, which log_stream.h reads; at its end the node is dead.
  base::Fd socket;
  NodeProcess node_process;
  bool local = false;   // NodeOptions::local
  bool joined = false;  // the node is not its own: join_node.h
};

using Main = int (*)(int argc, char** argv, char** envp);
// What __wrap_main does (wrapped_main.cc).
int enter(Main users_main, int argc, char** argv, char** envp);

// Whether the program was linked as the CMake target and the .pc file say. If not, a copy of it would run the user's
// main again: init() refuses then, unless it is given another worker program.
bool wrapped_main_ran();
// Whether Manta has started this process, as a node or a worker, so that it belongs to a session already.
bool has_role();
// Whether the static constructors have run. (Always true if the program was not linked with the wrapped main.)
bool main_has_started();
// argv[0] of this process; "manta" if the program was not linked with the wrapped main.
const char* program_name();

}  // namespace manta::detail
