// InitOptions and the MANTA_* variables, checked and made into what a node is told; and the checks of all other options.
//
// Errors: InvalidArgument that names the field or variable, its value, and what is allowed.
// Threads: reads the environment: not beside setenv().
#pragma once
#include "../options/node_options.h"
#include "../options/options.h"

namespace manta {
struct PutOptions;
}

namespace manta::detail {

NodeOptions resolve_options(InitOptions options);

void check_task_options(const TaskOptions& options);
void check_actor_options(const ActorOptions& options);
void check_put_options(const PutOptions& options);

}  // namespace manta::detail
