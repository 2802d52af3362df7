// The checks of the options of tasks, actors, calls and puts.
//
// Errors: InvalidArgument, which names the field, its value, and what is allowed. Threads: any.
#pragma once
#include <string>

#include "options.h"

namespace manta::detail {

void check_task_options(const TaskOptions& options);
void check_actor_options(const ActorOptions& options);
void check_call_options(const CallOptions& options);
void check_put_options(const PutOptions& options);

// Parts of these checks, which InitOptions need, too. `what` and `option` name the field.
void check_resources(const Resources& resources, const char* what);
void check_name_space(const std::string& name_space, const char* what);
void unsupported(bool used, const char* option);

}  // namespace manta::detail
