// Makes what a node is told out of InitOptions and the MANTA_* variables.
//
// Errors:  InvalidArgument, which names the field or variable, its value, and what is allowed.
// Threads: any; but resolve_options() reads the environment, so that setenv() must not run beside it.
#pragma once
#include <cstdint>
#include <string>

#include "node_options.h"
#include "options.h"

namespace manta::detail {

NodeOptions resolve_options(InitOptions options);

// In bytes, of a node that may use so much memory: 30 % of it.
std::uint64_t default_store_size(std::uint64_t memory);

// A line about a store that is larger than the memory that its processes may use; else nothing.
std::string about_large_store(std::uint64_t object_store_bytes, std::uint64_t usable_memory);

}  // namespace manta::detail
