// A ProgramRun is one run of a program, whose two output streams are captured: apart, or together if the program is to
// have a terminal.
#pragma once
#include <map>
#include <string>
#include <vector>

namespace manta::testing {

struct ProgramRun {
  enum class Output { kPipes, kTerminal };

  // Runs it to its end.
  explicit ProgramRun(const std::vector<std::string>& words,
                      const std::map<std::string, std::string>& env = {},
                      Output output = Output::kPipes);

  std::string out, err;
  int status = 0;  // as waitpid() gives it
};

std::vector<std::string> lines_of(const std::string& text);

}  // namespace manta::testing
