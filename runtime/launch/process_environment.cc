#include "process_environment.h"

#include <unistd.h>

#include "entry.h"
#include "role.h"

namespace manta::detail {
namespace {

std::vector<const char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<const char*> pointers;
  for (const std::string& text : strings) pointers.push_back(text.c_str());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

std::vector<std::string> environment_now() {
  std::vector<std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    all.emplace_back(*entry);
  }
  return all;
}

ProcessEnvironment::ProcessEnvironment(const std::vector<std::string>& environment,
                                       const std::map<std::string, std::string>& added,
                                       int role_fd) {
  for (const std::string& text : environment) {
    const std::string name = text.substr(0, text.find('='));
    if (name != kRoleVariable && !added.contains(name)) strings_.push_back(text);
  }
  for (const auto& [name, value] : added) {
    strings_.push_back(std::string(name).append("=").append(value));
  }
  strings_.push_back(kRoleVariable + ("=" + std::to_string(role_fd)));
  pointers_ = pointers_to(strings_);
}

ProcessArguments::ProcessArguments(const NodeOptions& options) {
  strings_.push_back(options.program.empty() ? program_name() : options.program);
  for (const std::string& argument : options.program_args) strings_.push_back(argument);
  pointers_ = pointers_to(strings_);
}

}  // namespace manta::detail
