// The benchmarks: this machine's floors first, then the loops, each with its unit, its share of its floor, the CPU time
// of an operation over all processes of the session, and the budget that it has to reach.
//
//   manta_bench [--only NAME]... [--smoke] [--json FILE] [--peers] [--list]
//
// --smoke: each loop once with tiny counts, to see that it works; the numbers mean nothing.
// --peers: also the same loops with Ray, installed in a throw-away place.
// Exit status: 0 when every loop ran, whatever its figures; 1 when one failed; 2 for wrong arguments.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "loop.h"
#include "peers.h"
#include "report.h"
#include "run_loop.h"

namespace {

using namespace manta::bench;

struct Arguments {
  std::vector<const Loop*> loops;
  Effort effort = Effort::kFull;
  std::string json;
  bool peers = false;
  bool list = false;
};

bool parse(int count, char** words, Arguments& arguments) {
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const bool more = i + 1 < count;
    if (word == "--smoke") {
      arguments.effort = Effort::kSmoke;
    } else if (word == "--peers") {
      arguments.peers = true;
    } else if (word == "--list") {
      arguments.list = true;
    } else if (word == "--json" && more) {
      arguments.json = words[++i];
    } else if (word == "--only" && more) {
      const std::string_view name = words[++i];
      const auto& all = all_loops();
      const auto found =
          std::find_if(all.begin(), all.end(), [&](const Loop& l) { return l.name == name; });
      if (found == all.end()) return false;
      arguments.loops.push_back(&*found);
    } else {
      return false;
    }
  }
  if (arguments.loops.empty()) {
    for (const auto& loop : all_loops()) arguments.loops.push_back(&loop);
  }
  return true;
}

}  // namespace

int main(int count, char** words) {
  Arguments arguments;
  if (!parse(count, words, arguments)) {
    std::fputs("usage: manta_bench [--only NAME]... [--smoke] [--json FILE] [--peers] [--list]\n",
               stderr);
    return 2;
  }
  if (arguments.list) {
    for (const auto* loop : arguments.loops) std::printf("%s\n", std::string(loop->name).c_str());
    return 0;
  }
  const auto figures = all_floors(arguments.effort);
  Floors floors;
  for (const auto& figure : figures) floors[figure.name] = figure.value;
  print_floors(figures);

  print_heading();
  std::vector<Outcome> outcomes;
  for (const auto* loop : arguments.loops) {
    outcomes.push_back(run_in_child(*loop, {arguments.effort, floors}));
    print_row(outcomes.back(), floors);
  }
  bool ok =
      std::all_of(outcomes.begin(), outcomes.end(), [](const auto& o) { return o.error.empty(); });
  if (!arguments.json.empty()) {
    std::ofstream file(arguments.json);
    file << to_json(figures, outcomes);
    if (!file.flush()) {
      std::fprintf(stderr, "manta_bench: cannot write %s\n", arguments.json.c_str());
      ok = false;
    }
  }
  if (arguments.peers) ok = compare_with_peers(outcomes, arguments.effort) && ok;
  return ok ? 0 : 1;
}
