// Serialization beside cereal, Boost.Serialization, msgpack-cxx, FlatBuffers, Cap'n Proto and CPython's pickle 5, as
// far as their packages were there when this was configured.
//
//   serialization_bench [--only CASE]... [--smoke] [--json FILE]     serialization_bench --help says more
//
// Units: each case's own; "Manta / it" is the ratio of the times of this run, for both columns: 0.1 is ten times as
// fast. Floor: a copy of the value in memory, in the same run; arrays, which Manta and pickle 5 do not copy, are below
// it. Exit status: 0 when every case ran and read what it had written, whatever its figures; 1 when one did not; 2 for
// wrong arguments.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "measure.h"
#include "report.h"

namespace {

using namespace manta::bench;

struct Arguments {
  std::vector<std::string> only;
  bool smoke = false;
  std::string json;
};

void declare(CLI::App& app, Arguments& arguments) {
  std::vector<std::string> names;
  for (const auto& one : all_cases()) names.emplace_back(one.name);
  app.add_option("--only", arguments.only, "this case, instead of all; may be repeated")
      ->allow_extra_args(false)
      ->check(CLI::IsMember(names).description(""));
  app.add_flag("--smoke", arguments.smoke,
               "each case once with tiny counts, to see that it works; the numbers mean nothing");
  app.add_option("--json", arguments.json, "write the figures to this file, too");
}

bool all_ran(const Table& table) {
  return std::all_of(table.rows.begin(), table.rows.end(),
                     [](const Row& row) { return row.error.empty(); });
}

bool write_json(const std::string& path, const std::vector<Table>& tables) {
  std::ofstream file(path);
  file << to_json(tables).dump(2) << '\n';
  if (file.flush()) return true;
  std::fprintf(stderr, "serialization_bench: cannot write %s\n", path.c_str());
  return false;
}

}  // namespace

int main(int count, char** words) {
  Arguments arguments;
  CLI::App app("Serialization beside other libraries");
  declare(app, arguments);
  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto& only = arguments.only;
  const bool smoke = arguments.smoke;
  const Pace pace = smoke ? Pace::kSmoke : Pace::kFull;
  std::vector<Table> tables;
  for (const auto& one : all_cases()) {
    if (only.empty() || std::find(only.begin(), only.end(), one.name) != only.end()) {
      tables.push_back(measure(one, pace));
    }
  }
  bool ok = add_pickle(tables, pace);
  if (smoke) std::puts("smoke: tiny counts, once; the times mean nothing");
  for (const auto& table : tables) {
    print(table, smoke ? Verdicts::kHidden : Verdicts::kShown);
    ok = all_ran(table) && ok;
  }
  if (!arguments.json.empty()) ok = write_json(arguments.json, tables) && ok;
  return ok ? 0 : 1;
}
