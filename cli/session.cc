#include "session.h"

#include "../base/error.h"
#include "../runtime/launch/session_directory.h"

namespace manta::cli {

std::filesystem::path find_session(const std::string& address) {
  if (!address.empty() && address != "auto") return address;
  const auto running = detail::running_sessions();
  if (running.size() == 1) return running.front();
  if (running.empty()) {
    throw RuntimeError("no session of this user is running on this machine");
  }
  std::string text = std::to_string(running.size()) +
                     " sessions of this user are running: say which by --address or MANTA_ADDRESS";
  for (const auto& directory : running) text += "\n  " + directory.string();
  throw RuntimeError(text);
}

}  // namespace manta::cli
