#include "report.h"

#include <cmath>

#include "text.h"

namespace manta::bench {
namespace {

nlohmann::ordered_json json_of(const Outcome& outcome, const Floors& floors) {
  const auto& measured = outcome.measured;
  return {{"value", measured.value},
          {"unit", outcome.loop->unit},
          {"floor_ratio", floor_ratio(*outcome.loop, measured.value, floors)},
          {"cpu_us_per_op", measured.cpu_us_per_op}};
}

}  // namespace

std::string short_number(double value) {
  if (std::isnan(value)) return "-";
  if (value >= 1e6) return formatted("%.3g M", value / 1e6);
  if (value >= 1e4) return formatted("%.3g k", value / 1e3);
  return formatted("%.3g", value);
}

void print_floors(const std::vector<Figure>& floors) {
  std::puts("Floors: what this machine does at best, without Manta");
  for (const auto& floor : floors) {
    std::printf("  %-26s %9.3g %s\n", floor.name.c_str(), floor.value, floor.unit.c_str());
  }
  std::puts("");
}

void print_heading() {
  std::printf("%-26s %9s %-5s %9s %11s %9s\n", "loop", "value", "unit", "of floor", "cpu us/op",
              "budget");
  std::fflush(stdout);
}

void print_row(const Outcome& outcome, const Floors& floors) {
  const auto& loop = *outcome.loop;
  const int name_width = static_cast<int>(loop.name.size());
  if (!outcome.error.empty()) {
    std::printf("%-26.*s FAILED: %s\n", name_width, loop.name.data(), outcome.error.c_str());
  } else {
    const double value = outcome.measured.value;
    std::printf("%-26.*s %9s %-5.*s %9s %11s %9s %s\n", name_width, loop.name.data(),
                short_number(value).c_str(), static_cast<int>(loop.unit.size()), loop.unit.data(),
                short_number(floor_ratio(loop, value, floors)).c_str(),
                short_number(outcome.measured.cpu_us_per_op).c_str(),
                short_number(budget_of(loop, floors)).c_str(),
                reached(loop, value, floors) ? "reached" : "MISSED");
  }
  std::fflush(stdout);
}

nlohmann::ordered_json to_json(const std::vector<Figure>& floors,
                               const std::vector<Outcome>& outcomes) {
  Floors by_name;
  nlohmann::ordered_json json;
  for (const auto& floor : floors) json["floors"][floor.name] = by_name[floor.name] = floor.value;
  for (const auto& outcome : outcomes) {
    json["loops"][std::string(outcome.loop->name)] = json_of(outcome, by_name);
  }
  return json;
}

}  // namespace manta::bench
