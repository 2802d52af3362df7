#include "element_place.h"

#include <string>

namespace manta::detail {

void add_place(ErrorRecord& error, std::uint64_t first, std::uint64_t count, const char* what) {
  const std::string of = std::string(" of ") + what;
  if (error.path.starts_with("element") && error.path.find(of) != std::string::npos) return;
  std::string place = (count == 1 ? "element " : "elements ") + std::to_string(first);
  if (count > 1) place += " to " + std::to_string(first + count - 1);
  const std::string& before = error.path.empty() ? error.function : error.path;
  error.path = place + of + (before.empty() ? "" : " <- " + before);
}

}  // namespace manta::detail
