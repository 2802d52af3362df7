// manta: looks at sessions that are running. `manta --help` says what it can do.
#include <cstdio>
#include <exception>
#include <map>
#include <string>

#include <CLI/CLI.hpp>

#include "memory.h"

namespace {

using manta::cli::GroupBy;
using manta::cli::MemoryOptions;
using manta::cli::SortBy;

void add_memory(CLI::App& app, MemoryOptions& options) {
  CLI::App* const command =
      app.add_subcommand("memory", "What lies in the object store of a session, and what holds it");
  command->add_option("--address", options.address, "\"auto\", or the directory of a session")
      ->envname("MANTA_ADDRESS");
  command->add_option("--most", options.most, "so many objects, the largest")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command->add_option("--sort", options.sort, "size, name, holder")
      ->transform(CLI::CheckedTransformer(std::map<std::string, SortBy>{
          {"size", SortBy::kSize}, {"name", SortBy::kName}, {"holder", SortBy::kHolder}}));
  command->add_option("--group", options.group, "sums by name, site, holder, state")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, GroupBy>{{"name", GroupBy::kName},
                                                                 {"site", GroupBy::kSite},
                                                                 {"holder", GroupBy::kHolder},
                                                                 {"state", GroupBy::kState}}));
  command->add_flag("--json", options.json, "for programs");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Looks at sessions of Manta that are running.", "manta");
  app.require_subcommand(1);
  MemoryOptions options;
  add_memory(app, options);
  try {
    app.parse(argc, argv);
    const std::string text = manta::cli::memory(options);
    std::fputs(text.c_str(), stdout);
    return std::fflush(stdout) == 0 ? 0 : 1;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "manta: %s\n", error.what());
    return 1;
  }
}
