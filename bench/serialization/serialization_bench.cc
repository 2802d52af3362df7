// Serialization beside cereal, Boost.Serialization, msgpack-cxx, FlatBuffers, Cap'n Proto and CPython's pickle 5, as
// far as their packages were there when this was configured.
//
//   serialization_bench [--only CASE]... [--smoke] [--json FILE]
//
// Units: each case's own; "Manta / it" is the ratio of the times of this run, for both columns: 0.1 is ten times as
// fast. Floor: a copy of the value in memory, in the same run; arrays, which Manta and pickle 5 do not copy, are below it.
// --smoke: each case once with tiny counts, to see that it works; the numbers mean nothing.
// Exit status: 0 when every case ran and read what it had written, whatever its figures; 1 when one did not; 2 for
// wrong arguments.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "measure.h"
#include "report.h"

namespace {

using namespace manta::bench;

struct Arguments {
  std::vector<const Case*> cases;
  Pace pace = Pace::kFull;
  std::string json;
};

bool add_case(std::string_view name, std::vector<const Case*>& cases) {
  for (const auto& one : all_cases()) {
    if (one.name == name) cases.push_back(&one);
  }
  return !cases.empty() && cases.back()->name == name;
}

bool parse(int count, char** words, Arguments& arguments) {
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const bool more = i + 1 < count;
    if (word == "--smoke") {
      arguments.pace = Pace::kSmoke;
    } else if (word == "--json" && more) {
      arguments.json = words[++i];
    } else if (!(word == "--only" && more && add_case(words[++i], arguments.cases))) {
      return false;
    }
  }
  if (arguments.cases.empty()) {
    for (const auto& one : all_cases()) arguments.cases.push_back(&one);
  }
  return true;
}

bool all_ran(const Table& table) {
  return std::all_of(table.rows.begin(), table.rows.end(),
                     [](const Row& row) { return row.error.empty(); });
}

bool write_json(const std::string& path, const std::vector<Table>& tables) {
  std::ofstream file(path);
  file << to_json(tables);
  if (file.flush()) return true;
  std::fprintf(stderr, "serialization_bench: cannot write %s\n", path.c_str());
  return false;
}

}  // namespace

int main(int count, char** words) {
  Arguments arguments;
  if (!parse(count, words, arguments)) {
    std::fputs("usage: serialization_bench [--only CASE]... [--smoke] [--json FILE]\n", stderr);
    return 2;
  }
  std::vector<Table> tables;
  for (const auto* one : arguments.cases) tables.push_back(measure(*one, arguments.pace));
  bool ok = add_pickle(tables, arguments.pace);
  const bool smoke = arguments.pace == Pace::kSmoke;
  if (smoke) std::puts("smoke: tiny counts, once; the times mean nothing");
  for (const auto& table : tables) {
    print(table, smoke ? Verdicts::kHidden : Verdicts::kShown);
    ok = all_ran(table) && ok;
  }
  if (!arguments.json.empty()) ok = write_json(arguments.json, tables) && ok;
  return ok ? 0 : 1;
}
