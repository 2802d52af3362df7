// Values that arrive from other processes: their blocks and references become records of this one.
//
// Threads: any, unless stated.
#pragma once
#include <vector>

#include "ownership.h"
#include "value_codec.h"

namespace manta::detail {

serialization::Reference adopt_reference(Ownership& ownership, const WireReference& wire,
                                         Arrival arrival);

// Appends the buffers and references of a wire value to `buffers` and `references`, adopting blocks and entries.
void adopt_parts(Ownership& ownership, const WireReader& wire, Arrival arrival,
                 std::vector<serialization::Buffer>& buffers,
                 std::vector<serialization::Reference>& references);

// A value that arrived to stay. `bytes` begins with its wire form.
Value read_value(Ownership& ownership, const WireReader& wire, Arrival arrival);

}  // namespace manta::detail
