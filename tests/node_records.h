// What the node of the open session keeps for its processes: published values, which refs in other processes need;
// blocks that are held beyond their makers; actors. Threads: any. Errors: RuntimeError if the node does not answer.
#pragma once
#include "../runtime/wire/memory_report.h"

namespace manta::testing {

detail::NodeRecords node_records();
// For tests that end the open session while somebody uses its actors, or that keep refs outside of it (in bytes).
void node_records_are_not_checked();

}  // namespace manta::testing
