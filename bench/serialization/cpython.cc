// CPython's pickle in a process of its own: cpython.py prints a line per case that it can do.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>

#include "measure.h"

namespace manta::bench {
namespace {

// One that has numpy; Debian's first. None: an empty string.
std::string python() {
  for (const char* candidate : {"/usr/bin/python3", "python3"}) {
    const std::string test = std::string(candidate) + " -c 'import numpy' 2> /dev/null";
    if (std::system(test.c_str()) == 0) return candidate;
  }
  return {};
}

void add_row(std::vector<Table>& tables, const std::string& name, double write, double read) {
  const auto found = std::find_if(tables.begin(), tables.end(),
                                  [&](const Table& table) { return table.of->name == name; });
  if (found != tables.end()) found->rows.push_back({"CPython pickle5", {write, read}, {}});
}

}  // namespace

bool add_pickle(std::vector<Table>& tables, Pace pace) {
  const std::string interpreter = python();
  if (interpreter.empty()) return true;
  const std::string command = interpreter + " '" + MANTA_BENCH_SERIALIZATION_FOLDER +
                              "/cpython.py'" + (pace == Pace::kSmoke ? " --smoke" : "");
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return false;
  char line[200];
  while (std::fgets(line, sizeof line, pipe) != nullptr) {
    std::istringstream words(line);
    std::string name;
    double write = 0;
    double read = 0;
    if (words >> name >> write >> read) add_row(tables, name, write, read);
  }
  return pclose(pipe) == 0;
}

}  // namespace manta::bench
