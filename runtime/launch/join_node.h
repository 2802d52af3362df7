// The driver's side of a node that is not its own: joining it, and leaving it.
//
//   join_node(): connect --> JoinAsk with the program and what its workers are started with --> hello --> Attachment
//   leave_node(): goodbye --> wait until the node has ended the job, and closes its end
//
// Threads: any, one call at a time.
// Errors: InvalidArgument if no such node runs, with what to do, and for what the user can set, as launch_node();
//         BuildMismatch, which names both versions, if it is of another Manta; RuntimeError if it refuses otherwise.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "../options/node_options.h"
#include "entry.h"
#include "join_ask.h"

namespace manta::detail {

// The directories of the nodes of this user on this machine that can be joined.
std::vector<std::filesystem::path> running_nodes();
// Who serves that directory.
NodeProcess process_of_node(const std::filesystem::path& directory);

// The directory of the node at InitOptions::address: "auto" is the only one of this user on this machine.
std::filesystem::path find_node(const std::string& address);

// Blocks until the node answers, at most 60 s. `as`: tests ask as another version.
Attachment join_node(const NodeOptions& options, const JoinAsk& as = JoinAsk::ours());

// Afterwards all processes of the job are gone. A node that does not answer within 3 s (it is stopped, say) is left
// alone, unless `goes_on` says that output is being printed: it ends the job as soon as it continues.
void leave_node(const Attachment& attachment, const std::function<bool()>& goes_on = {});

}  // namespace manta::detail
