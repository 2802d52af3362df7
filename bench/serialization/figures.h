// The cases, what each asks of Manta, and the figures of one run.
#pragma once
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trial.h"

namespace manta::bench {

inline constexpr double kNoFigure = std::numeric_limits<double>::quiet_NaN();

struct Unit {
  std::string_view name;
  double per_second;
};
inline constexpr Unit kMilliseconds{"ms", 1e3};
inline constexpr Unit kMicroseconds{"us", 1e6};

// What Manta has to reach: less than a time, or a factor over cereal measured in the same run.
struct Target {
  enum Kind { kNone, kUnder, kTimesCereal };
  Kind kind = kNone;
  double value = 0;  // kUnder: in the unit of the case
};

// Of the two columns of a case: written and read, but for the get of a large array.
enum Column { kWrite, kRead, kColumns };

struct Case {
  std::string_view name;
  std::string_view what;
  Topic topic;
  Unit unit;
  Target target[kColumns];
  std::string_view column[kColumns] = {"write", "read"};
};
const std::vector<Case>& all_cases();

struct Row {
  std::string library;
  double seconds[kColumns] = {kNoFigure, kNoFigure};
  std::string error;  // not empty: it failed, or lost data
};

struct Table {
  const Case* of;
  std::vector<Row> rows;  // the first is Manta's, which has the targets
};

// What is compared with the target, in its unit (milliseconds, times); none if cereal was not measured.
struct Verdict {
  double value;
  bool reached;
};
std::optional<Verdict> verdict(const Table& table, Column column);

}  // namespace manta::bench
