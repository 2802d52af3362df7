// The environment and the arguments of a process that is started, with the variable that names its role.
//
// Invariant: the pointers live as long as the object. Threads: confined.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "../options/node_options.h"

namespace manta::detail {

class ProcessEnvironment {
 public:
  // This environment, with `added` in place of variables of the same name.
  ProcessEnvironment(const std::vector<std::string>& environment,
                     const std::map<std::string, std::string>& added, int role_fd);
  const char* const* envp() const { return pointers_.data(); }

 private:
  std::vector<std::string> strings_;
  std::vector<const char*> pointers_;
};

std::vector<std::string> environment_now();  // of this process, as "A=1"

// argv[0] and the arguments of InitOptions::worker.
class ProcessArguments {
 public:
  explicit ProcessArguments(const NodeOptions& options);
  const char* const* argv() const { return pointers_.data(); }

 private:
  std::vector<std::string> strings_;
  std::vector<const char*> pointers_;
};

}  // namespace manta::detail
