// The benchmarks: this machine's floors first, then the loops, each with its unit, its share of its floor, the CPU time
// of an operation over all processes of the session, and the budget that it has to reach.
//
//   manta_bench [--only NAME]... [--smoke] [--json FILE] [--peers] [--list]     manta_bench --help says more
//
// Exit status: 0 when every loop ran, whatever its figures; 1 when one failed; 2 for wrong arguments.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "loop.h"
#include "peers.h"
#include "report.h"
#include "run_loop.h"

namespace {

using namespace manta::bench;

struct Arguments {
  std::vector<std::string> only;
  bool smoke = false;
  bool peers = false;
  bool list = false;
  std::string json;
};

void declare(CLI::App& app, Arguments& arguments) {
  std::vector<std::string> names;
  for (const auto& loop : all_loops()) names.emplace_back(loop.name);
  app.add_option("--only", arguments.only, "this loop, instead of all; may be repeated")
      ->allow_extra_args(false)
      ->check(CLI::IsMember(names).description(""));
  app.add_flag("--smoke", arguments.smoke,
               "each loop once with tiny counts, to see that it works; the numbers mean nothing");
  app.add_option("--json", arguments.json, "write the figures to this file, too");
  app.add_flag("--peers", arguments.peers,
               "also the same loops with Ray, installed in a throw-away place");
  app.add_flag("--list", arguments.list, "only the names of the loops");
}

std::vector<const Loop*> chosen_loops(const std::vector<std::string>& only) {
  std::vector<const Loop*> loops;
  for (const auto& loop : all_loops()) {
    if (only.empty() || std::find(only.begin(), only.end(), loop.name) != only.end()) {
      loops.push_back(&loop);
    }
  }
  return loops;
}

bool write_json(const std::string& path, const nlohmann::ordered_json& json) {
  std::ofstream file(path);
  file << json.dump(2) << '\n';
  if (file.flush()) return true;
  std::fprintf(stderr, "manta_bench: cannot write %s\n", path.c_str());
  return false;
}

}  // namespace

int main(int count, char** words) {
  Arguments arguments;
  CLI::App app("The benchmarks of Manta");
  declare(app, arguments);
  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto loops = chosen_loops(arguments.only);
  if (arguments.list) {
    for (const auto* loop : loops) std::printf("%s\n", std::string(loop->name).c_str());
    return 0;
  }
  const Effort effort = arguments.smoke ? Effort::kSmoke : Effort::kFull;
  const auto figures = all_floors(effort);
  Floors floors;
  for (const auto& figure : figures) floors[figure.name] = figure.value;
  print_floors(figures);

  print_heading();
  std::vector<Outcome> outcomes;
  for (const auto* loop : loops) {
    outcomes.push_back(run_in_child(*loop, {effort, floors}));
    print_row(outcomes.back(), floors);
  }
  bool ok =
      std::all_of(outcomes.begin(), outcomes.end(), [](const auto& o) { return o.error.empty(); });
  if (!arguments.json.empty()) ok = write_json(arguments.json, to_json(figures, outcomes)) && ok;
  if (arguments.peers) ok = compare_with_peers(outcomes, effort) && ok;
  return ok ? 0 : 1;
}
