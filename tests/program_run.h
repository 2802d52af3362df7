// One run of a program, with its two streams captured apart; on a terminal if so wished, where they are one.
#pragma once
#include <map>
#include <string>
#include <vector>

namespace manta::testing {

struct ProgramRun {
  enum class Output { pipes, terminal };

  // Runs it to its end.
  explicit ProgramRun(const std::vector<std::string>& words,
                      const std::map<std::string, std::string>& env = {},
                      Output output = Output::pipes);

  std::string out, err;
  int status = 0;  // of waitpid
};

std::vector<std::string> lines_of(const std::string& text);

}  // namespace manta::testing
