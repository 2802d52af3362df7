// How a process of a session begins. The library wraps the program's main (-Wl,--wrap=main), so that
// a process that Manta started enters here after static constructors, and never the user's main.
//
//   crt --> __wrap_main --no role--> the user's main (driver)
//                       --role node--> run_node()      --role worker--> worker_main()
//
// The role is a sealed memfd that the environment variable MANTA_ROLE_FD names; it is unset at once. Who has
// the variable but cannot take its role says why and ends with kNoRoleExit (role.h).
// Threads: begins on the main thread; the questions below may be asked from any.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

#include "../../base/fd.h"
#include "../../base/id.h"
#include "../../rpc/lane.h"
#include "node_process.h"

namespace manta::detail {

// What a process needs to take part in a session. launch_node() and worker_main() become the owners of its
// descriptors.
struct Attachment {
  rpc::Slot slot = 0;
  base::Fd control;   // rpc::Control
  base::Fd arena_rw;  // objectstore::Arena
  base::Fd arena_ro;
  base::Fd node_bell;  // eventfd: rpc::bind_event_bell(node_bell.get()) before the first ring()
  base::Fd socket;     // driver: stream to the node, read by LogStream; EOF: the node is dead
  NodeProcess node_process;  // driver
  std::filesystem::path directory;
  JobId job;
  NodeId node;
  pid_t node_pid = 0;
  double cpus = 0;
  std::uint64_t object_store_bytes = 0;
  std::map<std::string, std::string>
      env;  // InitOptions::env: a worker has it in its environment already
  std::vector<std::string> libraries;  // a worker loads them before anything of the user's runs
};

// False: the program was not linked as the CMake target and the .pc file say, so that a copy of it
// would run the user's main again. Then init() refuses, unless a worker program is named.
bool wrapped_main_ran();
// Whether this process was started by Manta, as a node or a worker: it has its session already.
bool has_role();
// False: static constructors are still running. (Always true in a program that is not wrapped.)
bool main_has_started();
// argv[0] of this process; "manta" where main was not wrapped.
const char* program_name();

}  // namespace manta::detail
