// The line for the user about a crash that a retry makes good, so that it is no secret.
//
// Threads: any.
#pragma once
#include <filesystem>

#include "../wire/death_report.h"
#include "call.h"

namespace manta::detail {

// `session`: its directory, where the worker's output lies.
void give_crash_notice(const Call& call, const DeathReport& death,
                       const std::filesystem::path& session);

}  // namespace manta::detail
