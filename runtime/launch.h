// The driver's side of a private node: starting it, and ending it.
//
//   launch_node(): directory --> spawn (orphan) --> hello with the shared memory --> Attachment
//   shutdown_node(): ask --> wait until the process is gone --> remove what it may have left
//
// The node is no child of ours (our user's waitpid(-1) must not see it); it lives in a session of its own
// (a signal to our process group does not reach it) and ends itself when our socket closes.
// Threads: any, one call at a time.
// Errors: InvalidArgument for what the user can set (directory, program, working_dir); RuntimeError with the
//         reason for all else: no descriptors, no room, or what the node printed before it failed.
#pragma once
#include <manta/runtime/entry.h>
#include <manta/runtime/node/node_options.h>

namespace manta::detail {

Attachment launch_node(const NodeOptions& options);

// Normally under 50 ms. Afterwards no process, memory or file of the session is left; the descriptors
// of `attachment` stay open for their owner (a LogStream reads EOF from the socket).
void shutdown_node(Attachment& attachment);

}  // namespace manta::detail
