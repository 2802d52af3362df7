#include "options.h"

#include <CLI/CLI.hpp>

namespace codesearch {

std::variant<Options, int> parse_options(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Indexes the files below the directories and answers ranked queries. A word is a run of\n"
      "letters, digits and '_', as written: case counts. Without --query and --files: a prompt on "
      "a\n"
      "terminal, else a few sample queries.");
  const CLI::Range one_to_1000(1, 1000);
  app.add_option("--workers", options.workers, "worker processes (default: one per core)")
      ->check(one_to_1000);
  app.add_option("--shards", options.shards,
                 "parts of the index, each held by an actor (default: as many as workers)")
      ->check(one_to_1000);
  app.add_option("--query", options.queries, "answer these WORDS and end; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--files", options.words,
                 "the files that hold this word, as `LC_ALL=C grep -rlwI WORD` names them; may be "
                 "repeated")
      ->allow_extra_args(false);
  app.add_flag("!--no-compare", options.compare,
               "do not measure one worker and a plain loop too (only from 1 MB to 1 GB)");
  app.add_option("DIR", options.directories, "directories")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return options;
}

}  // namespace codesearch
