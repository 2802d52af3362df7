// Runs a script in /bin/sh, as a user would type it, and tells what it has printed on both streams, and how it has
// ended. It is killed after kPatience.
#pragma once
#include <cstdio>
#include <string>
#include <sys/wait.h>

#include "cluster_fixture.h"

namespace manta::testing {

struct ShellRun {
  std::string said;
  int status = -1;  // of the last command, as waitpid() gives it

  int code() const { return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status); }
};

inline std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? "'\\''" : std::string(1, c);
  return result + "'";
}

inline ShellRun in_shell(const std::string& script) {
  const std::string limit = std::to_string(kPatience.count());
  const std::string command =
      "exec timeout -s KILL " + limit + " sh -c " + quoted(script) + " 2>&1";
  ShellRun run;
  std::FILE* const output = ::popen(command.c_str(), "re");
  char buffer[4096];
  for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, output)) > 0;) {
    run.said.append(buffer, n);
  }
  run.status = ::pclose(output);
  return run;
}

}  // namespace manta::testing
