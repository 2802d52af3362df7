#include "figures.h"

#include <algorithm>
#include <cmath>

namespace manta::bench {

const std::vector<Case>& all_cases() {
  constexpr Target kFiveTimes{Target::kTimesCereal, 5};
  constexpr auto under = [](double value) { return Target{Target::kUnder, value}; };
  static const std::vector<Case> all = {
      {"monsters",
       "300,000 Monster records in lists of up to 50, each list read over the one read last",
       Topic::kMonsters,
       kMilliseconds,
       {kFiveTimes, kFiveTimes}},
      {"new_monsters",
       "the same lists, each read into a new one",
       Topic::kNewMonsters,
       kMilliseconds,
       {kFiveTimes, kFiveTimes}},
      {"rows",
       "1000 arrays of 1000 doubles",
       Topic::kRows,
       kMicroseconds,
       {under(130), under(135)}},
      {"shared_row",
       "99 references to one array of 42 zeros",
       Topic::kSharedRow,
       kMicroseconds,
       {under(3), under(2)}},
      {"dictionary",
       "100,000 strings to int (unordered_map)",
       Topic::kDictionary,
       kMilliseconds,
       {{}, under(15)}},
      {"large_get",
       "get of a struct with an array of 100 MiB: a worker's first, and again",
       Topic::kLargeGet,
       kMicroseconds,
       {under(80), under(2)},
       {"fresh", "warm"}},
  };
  return all;
}

std::optional<Verdict> verdict(const Table& table, Column column) {
  const Target& target = table.of->target[column];
  const double ours = table.rows.front().seconds[column];
  if (target.kind == Target::kNone || std::isnan(ours)) return std::nullopt;
  if (target.kind == Target::kUnder) {
    const double value = ours * table.of->unit.per_second;
    return Verdict{value, value < target.value};
  }
  const auto cereal = std::find_if(table.rows.begin(), table.rows.end(),
                                   [](const Row& row) { return row.library == "cereal"; });
  if (cereal == table.rows.end() || std::isnan(cereal->seconds[column])) return std::nullopt;
  const double times = cereal->seconds[column] / ours;
  return Verdict{times, times >= target.value};
}

}  // namespace manta::bench
