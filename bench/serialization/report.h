// The figures as tables for people and as JSON for programs.
#pragma once
#include <vector>

#include <nlohmann/json.hpp>

#include "figures.h"

namespace manta::bench {

enum class Verdicts { kShown, kHidden };  // hidden: the counts were tiny, the times mean nothing

void print(const Table& table, Verdicts verdicts);

// {"cases": {name: {"unit", "columns", "libraries": {name: [first, second]}, "targets": [...]}}}; a target is
// {"column", "kind": "under" or "times_cereal", "target", "value", "reached"}. A figure that does not exist is null.
nlohmann::ordered_json to_json(const std::vector<Table>& tables);

}  // namespace manta::bench
