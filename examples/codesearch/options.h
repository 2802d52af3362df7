// The command line.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace codesearch {

inline constexpr const char* kUsage =
    R"(usage: codesearch [--workers N] [--shards N] [--query "WORDS"]... [--files WORD]... [DIR...]

Indexes the files below the directories (default: /usr/include) and answers ranked queries.
A word is a run of letters, digits and '_', as written: case counts.

  --workers N      worker processes (default: one per core)
  --shards N       parts of the index, each held by an actor (default: as many as workers)
  --query "WORDS"  answer this and end; may be repeated
  --files WORD     the files that hold WORD, as `LC_ALL=C grep -rlwI WORD` names them; may be repeated
  --no-compare     do not measure one worker and a plain loop too (only from 1 MB to 1 GB)

Without --query and --files: a prompt on a terminal, else a few sample queries.
)";

struct Options {
  std::size_t workers = 0;  // 0: one per core
  std::size_t shards = 0;   // 0: as many as workers
  std::vector<std::string> queries;
  std::vector<std::string> words;  // of --files
  std::vector<std::string> directories;
  bool compare = true;
  bool help = false;
};

// Errors: invalid_argument, with what is wrong.
Options parse_options(const std::vector<std::string>& args);

}  // namespace codesearch
