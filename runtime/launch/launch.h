// The driver's side of a private node: starting it, and ending it.
//
//   launch_node(): spawn (orphan) --> hello with the directory and the shared memory --> Attachment
//   shutdown_node(): ask --> wait until the process is gone --> remove what it may have left
//
// The node is no child of the driver, whose user may call waitpid(-1); it lives in a session of its own, so that a
// signal to the driver's process group does not reach it; and it ends by itself when the driver's end of the socket
// closes. A driver that is process 1 of a container, or a subreaper, inherits the node when the node ends, and buries
// it.
// Threads: any, one call at a time.
// Errors: InvalidArgument for what the user can set (directory, program, working_dir); RuntimeError for everything
//         else, with its reason: no descriptors are left, or no memory, or what the node has printed before it failed.
#pragma once
#include <functional>

#include "../options/node_options.h"
#include "entry.h"

namespace manta::detail {

// Blocks until the node is ready, at most 60 s.
Attachment launch_node(const NodeOptions& options);

// For a session that could not be opened. Waits until the node is gone, which ends when nobody holds the socket to it.
void end_node(const NodeProcess& process, const std::function<bool()>& goes_on = {});

// Takes under 50 ms as a rule. A node that was stopped is continued; one that does not end within 3 s is killed, unless
// `goes_on` says that it still makes progress (its output is being printed). Afterwards no process, memory or file of
// the session is left. The descriptors of `attachment` stay open: the reader of the log stream finds the end of the
// socket.
void shutdown_node(const Attachment& attachment, const std::function<bool()>& goes_on = {});

}  // namespace manta::detail
