#include "check_environment.h"

#include "../../base/error.h"

namespace manta::detail {

void check_environment(const std::map<std::string, std::string>& variables, const char* what) {
  const std::string nul(1, '\0');
  for (const auto& [name, value] : variables) {
    if (name.empty() || name.find('=') != std::string::npos ||
        name.find(nul) != std::string::npos) {
      throw InvalidArgument(std::string(what) + " has a variable named \"" + name +
                            "\"; a name is not empty, and has no = and no zero byte");
    }
    if (value.find(nul) != std::string::npos) {
      throw InvalidArgument(std::string(what) + ": the value of " + name +
                            " has a zero byte, at which the workers would see it end");
    }
  }
}

void refuse_environment(const std::map<std::string, std::string>& variables, const char* what) {
  if (variables.empty()) return;
  throw InvalidArgument(std::string(what) + "::env sets " + variables.begin()->first +
                        ", but in a local session (MANTA_LOCAL=1) all tasks and actors run in the "
                        "driver: set it for the driver, and leave the option out");
}

}  // namespace manta::detail
