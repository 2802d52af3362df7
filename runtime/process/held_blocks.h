// What this process holds in the object store, for the node's census (MemoryAsk).
//
// Threads: the holder of the baton, under the tables lock.
#pragma once
#include <string>

#include "../../objectstore/store.h"
#include "../ownership/node_link.h"
#include "../wire/node_messages.h"

namespace manta::detail {

// `runs`: the call that this process runs now, or "".
void tell_held_blocks(objectstore::Store& store, NodeLink& node, const MemoryAsk& question,
                      std::string runs);

}  // namespace manta::detail
