// The check of variables of the environment: InitOptions::env and TaskOptions::env.
//
// Errors: InvalidArgument, which names the variable. Threads: any.
#pragma once
#include <map>
#include <string>

#include "../../base/build_settings.h"

namespace manta::detail {

// `what` names the option.
void check_environment(const std::map<std::string, std::string>& variables, const char* what);

// In a local session, which has no workers with an environment of their own. `what` names the options.
void refuse_environment(const std::map<std::string, std::string>& variables, const char* what);

}  // namespace manta::detail
