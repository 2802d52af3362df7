// A Loop is one line of the table: what is repeated, its unit, its floor, and the figure that it has to reach first.
//
// The floor says how fast one operation could be on this machine: a number of round trips between two processes that
// spin, a number of starts of a small program, or the bytes that a copy moves. The floor ratio is the share of it that
// is reached: 1 is as fast as the machine allows, 0.5 takes twice as long. A loop runs in a process of its own, so that
// the session, a crash or a hang of one does not affect the next.
#pragma once
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "floors.h"

namespace manta::bench {

inline constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

using Floors = std::map<std::string, double>;  // by Figure::name, in its unit

struct Measured {
  double value = kNone;          // in the loop's unit
  double cpu_us_per_op = kNone;  // over all processes of the session
};

struct Run {
  Effort effort;
  const Floors& floors;
};

struct FloorOf {
  // kRatio: the value itself is the ratio.
  enum Kind { kNoFloor, kRoundTrips, kSpawns, kTbbTasks, kRatio };
  Kind kind = kNoFloor;
  double count = 1;  // round trips, spawns or tasks that one operation takes at best
};

// The figure that a loop has to reach: in its unit, or as a ratio to the floor in the same run.
struct Budget {
  constexpr Budget(double figure) : value(figure) {}  // NOLINT(google-explicit-constructor)

  double value;
  bool of_floor = false;
};

struct Loop {
  std::string_view name;
  std::string_view unit;  // of "/s" and "ratio" more is better, of all others less
  Budget budget;
  FloorOf floor;
  Measured (*run)(const Run&);

  bool more_is_better() const { return unit == "/s" || unit == "ratio"; }
};

const std::vector<Loop>& all_loops();
double floor_ratio(const Loop& loop, double value, const Floors& floors);
double budget_of(const Loop& loop, const Floors& floors);  // in its unit
bool reached(const Loop& loop, double value, const Floors& floors);

}  // namespace manta::bench
