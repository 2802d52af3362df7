// Asks a running session, as tools do (wire/console_wire.h).
//
// Threads: any. Errors: RuntimeError, which names the session and what it said.
#pragma once
#include <cstddef>
#include <filesystem>
#include <vector>

#include "../wire/console_wire.h"

namespace manta::detail {

// The payload of the answer; waits at most 10 s for it. `directory`: the session's.
std::vector<std::byte> ask_console(const std::filesystem::path& directory, const ConsoleAsk& ask);

}  // namespace manta::detail
