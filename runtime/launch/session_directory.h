// The directory of a session, for logs: $XDG_RUNTIME_DIR/manta/<8 hex digits>, else /tmp/manta-<uid>/<8 hex digits>. It
// is refused unless its mode is 0700 and it belongs to this user. The node makes it, and not the driver, which may be
// killed at any time: so it does not exist before a process lives that will remove it.
//
//   made --> in use (the node has locked its file `lock`) --> removed by the node, or else by whoever finds it
//            unlocked: the driver of a node that was killed, or the next node
//
// Nobody removes one that has a file `kept` (MANTA_KEEP_LOGS=1).
//
// Threads: any. Errors: RuntimeError that names the directory and the reason.
#pragma once
#include <filesystem>
#include <vector>

#include "../../base/fd.h"

namespace manta::detail {

// A socket path in a session's directory must fit into sockaddr_un.
inline constexpr std::size_t kMaxDirectoryPath = 80;

struct SessionDirectory {
  std::filesystem::path path;
  base::Fd lock;  // the directory is locked as long as any process has it open
};

SessionDirectory make_session_directory(bool keep);
void mark_as_kept(const std::filesystem::path& directory);  // it outlives its session
// Those of this user's sessions that are running.
std::vector<std::filesystem::path> running_sessions();

// Removes what a killed session has left: the directory `path`, or all of this user's, unless they are locked or kept.
void remove_abandoned(const std::filesystem::path& path);
void remove_all_abandoned();

}  // namespace manta::detail
