// A Role is what a process is told by the one that starts it: whether it is a node or a worker, and with what. It
// travels as a sealed memfd, whose number is in MANTA_ROLE_FD; the other descriptors have fixed numbers.
//
// A process that has the variable never runs the user's main, whatever is wrong with its role: main would start the
// next process, and so on without end. MANTA_GENERATION, which stays in the environment, bounds programs that start
// themselves in any other way: its value is n in the processes of the nth session inside another.
//
// Errors:  take_role() and read_role_file() throw RoleError for what is no role, and if a descriptor is missing;
//          make_role_file() throws std::system_error.
// Threads: a Role is a value; take_role() is for the main thread, before there are others.
#pragma once
#include <stdexcept>
#include <string>

#include "../../base/fd.h"
#include "../options/node_options.h"
#include "entry.h"

namespace manta::detail {

inline constexpr const char* kRoleVariable = "MANTA_ROLE_FD";
inline constexpr const char* kGenerationVariable = "MANTA_GENERATION";
inline constexpr int kMaxGeneration = 16;  // a driver of this generation starts no session

// The exit code of a process that was told a role and cannot take it.
inline constexpr int kNoRoleExit = 114;

// kJob is no process: what a driver and the node that it joins tell each other.
enum class RoleKind : std::uint32_t { kNode, kWorker, kJob };

// The numbers of the descriptors in the process that is started.
enum RoleFd : int {
  kRoleFile = 3,
  // In a node: the socket to the driver, and the executable of the workers.
  kNodeSocket = 4,
  kNodeProgram,
  // In a worker: see Attachment.
  kWorkerControl = 4,
  kWorkerArenaRw,
  kWorkerArenaRo,
  kWorkerBell,
  kWorkerOverflowRw,  // these two not in every session
  kWorkerOverflowRo,
};

struct Role {
  RoleKind kind = RoleKind::kWorker;
  Attachment attachment;  // of a node: only its job and its id
  NodeOptions options;    // of a node, or of a job that asks to join one
};

base::Fd make_role_file(const Role& role);
// What such a file says, which somebody else has made; without descriptors.
Role read_role_file(const base::Fd& file);
bool has_role_variable();      // now
bool was_started_with_role();  // also if a static constructor has cleared the environment; before main
// The role of this process. Its descriptors have been checked; those of a worker belong to the result. The variable is
// gone afterwards, also after an error.
Role take_role();

// The lives of these processes, defined in node/run_node.cc and worker/worker.cc. A node never returns: it ends by
// _exit, without the static destructors of user code. A worker lives until its node tells it to exit, or until the node
// dies; the result is its exit code.
[[noreturn]] int run_node(Role& role);
int worker_main(Attachment&& attachment);

struct RoleError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// MANTA_GENERATION of this process; 0 if it is not set.
int generation();

}  // namespace manta::detail
