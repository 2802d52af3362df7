// manta: starts and ends nodes, and looks at sessions that are running. `manta --help` says what it can do.
#include <cstdio>
#include <exception>
#include <map>
#include <string>

#include <CLI/CLI.hpp>

#include "memory.h"
#include "node.h"

namespace {

using manta::cli::GroupBy;
using manta::cli::MemoryOptions;
using manta::cli::NodeCommand;
using manta::cli::SortBy;
using manta::cli::StartOptions;

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

void add_start(CLI::App& app, StartOptions& options) {
  CLI::App* const command =
      app.add_subcommand("start", "Start a node that programs join, and that outlives them");
  command->add_option("--cpus", options.cpus, "that tasks may use; default: all of this machine");
  command->add_option("--resources", options.resources, "others, as a=1,b=2");
  command->add_option("--labels", options.labels, "as k=v,l=w");
  command->add_option("--object-store-bytes", options.object_store_bytes,
                      "default: 30 % of the memory");
  command->add_flag("--json", options.json, "for programs");
}

CLI::App* add_node_command(CLI::App& app, const char* name, const char* what,
                           NodeCommand& options) {
  CLI::App* const command = app.add_subcommand(name, what);
  command->add_option("--address", options.address, "what `manta start` has said")
      ->envname("MANTA_ADDRESS");
  command->add_flag("--json", options.json, "for programs");
  return command;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Starts and ends nodes of Manta, and looks at sessions that are running.", "manta");
  app.require_subcommand(1);
  MemoryOptions options;
  add_memory(app, options);
  StartOptions node;
  add_start(app, node);
  NodeCommand which;
  const CLI::App* const status =
      add_node_command(app, "status", "The nodes of this user: jobs, resources, store", which);
  const CLI::App* const stop =
      add_node_command(app, "stop", "End a node and all that it started", which);
  try {
    app.parse(argc, argv);
    const std::string text = app.got_subcommand("start") ? manta::cli::start(node)
                             : status->parsed()          ? manta::cli::status(which)
                             : stop->parsed()            ? manta::cli::stop(which)
                                                         : manta::cli::memory(options);
    std::fputs(text.c_str(), stdout);
    return std::fflush(stdout) == 0 ? 0 : 1;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "manta: %s\n", error.what());
    return 1;
  }
}
