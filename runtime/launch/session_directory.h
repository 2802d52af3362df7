// The directory of a session: logs and, later, sockets. $XDG_RUNTIME_DIR/manta/<8 hex digits>, else
// /tmp/manta-<uid>/<8 hex digits>; mode 0700 and owned by us, or refused. The node makes it, so that there is
// none before somebody lives who will remove it: a driver may be killed at any time.
//
//   make --> in use (its file `lock` is locked by the node) --> removed by the node, else by whoever finds
//            it unlocked: the driver of a killed node, the next node
//
// Threads: any. Errors: RuntimeError that names the directory and the reason.
#pragma once
#include <filesystem>

#include "../../base/fd.h"

namespace manta::detail {

// A socket path in a session's directory must fit into sockaddr_un.
inline constexpr std::size_t kMaxDirectoryPath = 80;

struct SessionDirectory {
  std::filesystem::path path;
  base::Fd lock;  // holds the lock as long as any process has it open
};

SessionDirectory make_session_directory();

// What a killed session left: removes `path` unless it is still locked; all that are not locked.
void remove_abandoned(const std::filesystem::path& path);
void remove_all_abandoned();

}  // namespace manta::detail
