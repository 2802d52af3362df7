// InitOptions and the MANTA_* variables, checked and made into what a node is told.
//
// Errors: InvalidArgument that names the field or variable, its value, and what is allowed.
// Threads: reads the environment: not beside setenv().
#pragma once
#include "node_options.h"
#include "options.h"

namespace manta::detail {

NodeOptions resolve_options(InitOptions options);

}  // namespace manta::detail
