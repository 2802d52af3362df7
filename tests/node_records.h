// What the node of the open session keeps for its processes: published values, which refs in other processes need;
// blocks that are held beyond their makers; actors. Threads: any. Errors: RuntimeError if the node does not answer.
#pragma once
#include "../runtime/wire/memory_report.h"

namespace manta::testing {

detail::NodeRecords node_records();

}  // namespace manta::testing
