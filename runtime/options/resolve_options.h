// Makes what a node is told out of InitOptions and the MANTA_* variables.
//
// Errors:  InvalidArgument, which names the field or variable, its value, and what is allowed.
// Threads: any; but resolve_options() reads the environment, so that setenv() must not run beside it.
#pragma once
#include "node_options.h"
#include "options.h"

namespace manta::detail {

NodeOptions resolve_options(InitOptions options);

}  // namespace manta::detail
