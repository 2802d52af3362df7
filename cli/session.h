// Which running session a command is about.
//
// Errors: RuntimeError, which says which sessions there are.
#pragma once
#include <filesystem>
#include <string>

namespace manta::cli {

// "auto" or empty: the one session of this user that runs on this machine; else the directory of a session.
std::filesystem::path find_session(const std::string& address);

}  // namespace manta::cli
