#include "peers.h"

#include <cstdio>
#include <iostream>
#include <map>
#include <sstream>

#include "report.h"

namespace manta::bench {
namespace {

using Figures = std::map<std::string, double>;  // by loop, in its unit

// bench/peers/run prints lines `PEER LOOP VALUE`.
bool run_peers(const std::vector<Outcome>& ours, Effort effort,
               std::map<std::string, Figures>& peers) {
  std::string command = std::string("'") + MANTA_BENCH_FOLDER + "/peers/run'";
  if (effort == Effort::kSmoke) command += " --smoke";
  for (const auto& outcome : ours) command += " " + std::string(outcome.loop->name);
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return false;
  char line[200];
  while (std::fgets(line, sizeof line, pipe) != nullptr) {
    std::istringstream words(line);
    std::string peer;
    std::string loop;
    double value = 0;
    if (words >> peer >> loop >> value) peers[peer][loop] = value;
  }
  return pclose(pipe) == 0;
}

double times_better(const Loop& loop, double ours, double theirs) {
  return loop.more_is_better() ? ours / theirs : theirs / ours;
}

void print_cells(const Loop& loop, double ours, const Figures& theirs) {
  const auto found = theirs.find(std::string(loop.name));
  const double value = found == theirs.end() ? kNone : found->second;
  std::printf(" %10s %8s", short_number(value).c_str(),
              short_number(times_better(loop, ours, value)).c_str());
}

}  // namespace

bool compare_with_peers(const std::vector<Outcome>& ours, Effort effort) {
  std::cout << "\nPeers: the same loops with Ray (x: how many times better Manta is)" << std::endl;
  std::map<std::string, Figures> peers;
  const bool ran = run_peers(ours, effort, peers);
  std::printf("%-26s %-5s %10s %10s %8s %10s %8s\n", "loop", "unit", "Manta", "Ray Python", "x",
              "Ray C++", "x");
  for (const auto& outcome : ours) {
    const auto& loop = *outcome.loop;
    std::printf("%-26.*s %-5.*s %10s", static_cast<int>(loop.name.size()), loop.name.data(),
                static_cast<int>(loop.unit.size()), loop.unit.data(),
                short_number(outcome.measured.value).c_str());
    print_cells(loop, outcome.measured.value, peers["ray_python"]);
    print_cells(loop, outcome.measured.value, peers["ray_cpp"]);
    std::puts("");
  }
  if (!ran) std::puts("Not all peers could be run: see above.");
  return ran;
}

}  // namespace manta::bench
