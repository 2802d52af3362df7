// A Role is what the starter of a process tells it: node or worker, and with what. It travels as a
// sealed memfd, whose number is in MANTA_ROLE_FD; the other descriptors have fixed numbers.
//
// Threads: a value; take_role() on the main thread before others exist. Errors: what is not one of our
// sealed roles is no role; make_role_file() throws std::system_error.
#pragma once
#include <optional>
#include <string>

#include <manta/base/fd.h>
#include <manta/runtime/entry.h>
#include <manta/runtime/node/node_options.h>

namespace manta::detail {

inline constexpr const char* kRoleVariable = "MANTA_ROLE_FD";

enum class RoleKind : std::uint32_t { node, worker };

// The numbers of the descriptors in the process that is started.
enum RoleFd : int {
  kRoleFile = 3,
  kNodeSocket = 4,  // node: to the driver
  kNodeProgram,     // node: the executable
  kNodeLock,        // node: the locked file in the session's directory
  kWorkerControl = 4,
  kWorkerArenaRw,
  kWorkerArenaRo,
  kWorkerBell,
};

struct Role {
  RoleKind kind = RoleKind::worker;
  Attachment attachment;  // node: directory, job and node id only
  NodeOptions options;    // node
};

base::Fd make_role_file(const Role& role);
// The role of this process, if it was started with one; its descriptors are owned by the result
// (for a node: see RoleFd) and the variable is gone.
std::optional<Role> take_role();

}  // namespace manta::detail
