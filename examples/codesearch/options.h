// The command line.
#pragma once
#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace codesearch {

struct Options {
  std::size_t workers = 0;  // 0: one per core
  std::size_t shards = 0;   // 0: as many as workers
  std::vector<std::string> queries;
  std::vector<std::string> words;  // of --files
  std::vector<std::string> directories = {"/usr/include"};
  bool compare = true;
};

// Or the exit status with which the program ends at once: 0 after --help, 2 when something was wrong, which is printed.
std::variant<Options, int> parse_options(int argc, char** argv);

}  // namespace codesearch
