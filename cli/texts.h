// How the commands write sizes and names. Threads: any.
#pragma once
#include <cstdint>
#include <string>

namespace manta::cli {

// On one line of a terminal, whatever the user has called it.
std::string printable(const std::string& text, std::size_t most = 200);
std::string bytes_text(std::uint64_t bytes);  // "1.5 MiB"

}  // namespace manta::cli
