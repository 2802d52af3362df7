// Blocks whose bytes the node has moved to disk, or would like to (runtime/node/spilling.h).
//
// Threads: agree_to_spill() belongs to the holder of the baton, under the tables lock; make_readable() may be called by
//          any other, and waits.
// Errors:  ObjectLost, ObjectStoreFull, GetTimeout; NodeDied, or InvalidArgument when the session ends meanwhile.
#pragma once
#include <chrono>
#include <functional>
#include <string_view>

#include "../../objectstore/store.h"
#include "../../serialization/stream/encoded.h"
#include "../ownership/node_link.h"
#include "../wire/node_messages.h"
#include "node_questions.h"

namespace manta::detail {

void agree_to_spill(objectstore::Store& store, NodeLink& node, const SpillAsk& question,
                    PayloadBytes blocks);

// Whether who has waited so long for room, or for bytes on disk, waits for what others do: nothing can be spilled now.
// As long as the node spills, room comes, and others in its place would only take it for their arguments; after 2 s it
// is taken for such a wait all the same.
bool waits_for_others(const objectstore::Store& store, std::chrono::milliseconds waited);

// The buffer points to bytes in memory afterwards, if need be in another block. Its storage keeps them there. `waiter`
// is the call that waits, for why(); `waits_long` is called if it takes long, and waits_for_others().
void make_readable(NodeQuestions& questions, objectstore::Store& store,
                   serialization::Buffer& buffer, std::string_view waiter,
                   const rpc::Deadline& deadline = {},
                   const std::function<void()>& waits_long = {});

}  // namespace manta::detail
