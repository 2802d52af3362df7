// Why an object is not there yet: what this process knows, and what the node and the other processes know of the calls
// that it waits for (decision 010).
//
//   here: "waits for f, submitted 3 ms ago, which runs in process 7" --WhyAsk--> node: ", where it waits for g, ..."
//
// Of the question itself, why(), see object_ref.h. It asks the node, where more is to be known, and does without the
// answer after a second.
// Threads: these answer the node: by the holder of the baton, under the tables lock.
#pragma once
#include <string>
#include <string_view>

#include "../ownership/object_entry.h"
#include "../wire/node_messages.h"

namespace manta::detail {

class Process;

// As why(), but only what this process knows.
std::string why_as_known_here(const ObjectEntry& entry);

void tell_needs(Process& process, const NeedsAsk& question);
void tell_why(Process& process, const WhyAskMaker& question, std::string_view text_so_far);

}  // namespace manta::detail
