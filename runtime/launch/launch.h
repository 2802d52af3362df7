// The driver's side of a private node: starting it, and ending it.
//
//   launch_node(): spawn (orphan) --> hello with the directory and the shared memory --> Attachment
//   shutdown_node(): ask --> wait until the process is gone --> remove what it may have left
//
// The node is no child of ours (our user's waitpid(-1) must not see it); it lives in a session of its own
// (a signal to our process group does not reach it) and ends itself when our socket closes. A driver that is process 1
// of a container, or a subreaper, inherits it when it ends, and buries it.
// Threads: any, one call at a time.
// Errors: InvalidArgument for what the user can set (directory, program, working_dir); RuntimeError with the
//         reason for all else: no descriptors, no room, or what the node printed before it failed.
#pragma once
#include <functional>

#include "../options/node_options.h"
#include "entry.h"

namespace manta::detail {

Attachment launch_node(const NodeOptions& options);

// Once nobody holds the socket to it any more: until it is gone. For a session that could not be opened.
void end_node(const NodeProcess& process, const std::function<bool()>& goes_on = {});

// Normally under 50 ms; a node that does not end within 3 s, for which `goes_on` is not true either (its output is still
// being printed), is killed, a stopped one let go on. Afterwards no process, memory or file of the session is left; the
// descriptors of `attachment` stay open for their owner (a LogStream reads EOF from the socket).
void shutdown_node(const Attachment& attachment, const std::function<bool()>& goes_on = {});

}  // namespace manta::detail
