// A Role is what the starter of a process tells it: node or worker, and with what. It travels as a
// sealed memfd, whose number is in MANTA_ROLE_FD; the other descriptors have fixed numbers.
//
// A process that has the variable never runs the user's main, whatever is wrong with its role: main would
// start the next one. MANTA_GENERATION, which stays in the environment, bounds what starts itself in any
// other way: a process of the nth session within another says n.
//
// Threads: a value; take_role() on the main thread before others exist. Errors: take_role() throws RoleError
// for what is not one of our roles, or without its descriptors; make_role_file() throws std::system_error.
#pragma once
#include <stdexcept>
#include <string>

#include "../../base/fd.h"
#include "../options/node_options.h"
#include "entry.h"

namespace manta::detail {

inline constexpr const char* kRoleVariable = "MANTA_ROLE_FD";
inline constexpr const char* kGenerationVariable = "MANTA_GENERATION";
inline constexpr int kMaxGeneration = 16;  // a driver of this one starts no session

inline constexpr int kNoRoleExit = 114;  // the exit code of who was told a role and cannot take it

enum class RoleKind : std::uint32_t { node, worker };

// The numbers of the descriptors in the process that is started.
enum RoleFd : int {
  kRoleFile = 3,
  kNodeSocket = 4,  // node: to the driver
  kNodeProgram,     // node: the executable
  kWorkerControl = 4,
  kWorkerArenaRw,
  kWorkerArenaRo,
  kWorkerBell,
};

struct Role {
  RoleKind kind = RoleKind::worker;
  Attachment attachment;  // node: job and node id only
  NodeOptions options;    // node
};

base::Fd make_role_file(const Role& role);
bool has_role_variable();
// The role of this process; its descriptors, which were looked at, are owned by the result (for a node: see
// RoleFd), and the variable is gone, also after an error.
Role take_role();

// The lives of these processes. A node never returns: it ends by _exit, without the static destructors of user code. A
// worker lives until its node tells it to exit, or dies; the result is its exit code.
[[noreturn]] int run_node(Role& role);     // in node/node.cc
int worker_main(Attachment&& attachment);  // in worker/worker.cc

struct RoleError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

int generation();  // of this process: 0 where nobody set it

}  // namespace manta::detail
