#include "report.h"

#include <cmath>
#include <cstdio>

#include "../text.h"

namespace manta::bench {
namespace {

// Three digits that count, without an exponent.
std::string figure(double value) {
  if (std::isnan(value)) return "-";
  return formatted(value >= 100  ? "%.0f"
                   : value >= 10 ? "%.1f"
                   : value >= 1  ? "%.2f"
                                 : "%.3f",
                   value);
}

double in_unit(const Table& table, const Row& row, Column column) {
  return row.seconds[column] * table.of->unit.per_second;
}

std::string ratio(const Table& table, const Row& row, Column column) {
  if (&row == &table.rows.front()) return "";
  return figure(table.rows.front().seconds[column] / row.seconds[column]);
}

void print_heading(const Case& of) {
  std::printf("\n%s: %s\n", std::string(of.name).c_str(), std::string(of.what).c_str());
  const std::string unit(of.unit.name);
  std::printf("  %-16s %12s %12s   %s\n", "",
              (std::string(of.column[kWrite]) + ", " + unit).c_str(),
              (std::string(of.column[kRead]) + ", " + unit).c_str(), "Manta / it");
}

void print_row(const Table& table, const Row& row) {
  if (!row.error.empty()) {
    std::printf("  %-16s FAILED: %s\n", row.library.c_str(), row.error.c_str());
    return;
  }
  std::printf("  %-16s %12s %12s   %-7s %-7s\n", row.library.c_str(),
              figure(in_unit(table, row, kWrite)).c_str(),
              figure(in_unit(table, row, kRead)).c_str(), ratio(table, row, kWrite).c_str(),
              ratio(table, row, kRead).c_str());
}

std::string target_text(const Table& table, Column column) {
  const Target& target = table.of->target[column];
  const std::string name(table.of->column[column]);
  if (target.kind == Target::kUnder) {
    return name + " under " + figure(target.value) + " " + std::string(table.of->unit.name);
  }
  return name + " " + figure(target.value) + " times as fast as cereal";
}

void print_target(const Table& table, Column column) {
  if (table.of->target[column].kind == Target::kNone) return;
  const auto found = verdict(table, column);
  std::printf("  target: %s: %s\n", target_text(table, column).c_str(),
              !found
                  ? "not measured"
                  : (figure(found->value) + (found->reached ? ", reached" : ", MISSED")).c_str());
}

nlohmann::ordered_json json_of_target(const Table& table, Column column) {
  const Target& target = table.of->target[column];
  nlohmann::ordered_json json = {{"column", table.of->column[column]},
                                 {"kind", target.kind == Target::kUnder ? "under" : "times_cereal"},
                                 {"target", target.value},
                                 {"value", nullptr},
                                 {"reached", nullptr}};
  if (const auto found = verdict(table, column)) {
    json["value"] = found->value;
    json["reached"] = found->reached;
  }
  return json;
}

nlohmann::ordered_json json_of(const Table& table) {
  nlohmann::ordered_json json = {{"unit", table.of->unit.name},
                                 {"columns", {table.of->column[kWrite], table.of->column[kRead]}},
                                 {"libraries", nullptr},
                                 {"targets", nlohmann::ordered_json::array()}};
  for (const auto& row : table.rows) {
    json["libraries"][row.library] = {in_unit(table, row, kWrite), in_unit(table, row, kRead)};
  }
  for (const auto column : {kWrite, kRead}) {
    if (table.of->target[column].kind == Target::kNone) continue;
    json["targets"].push_back(json_of_target(table, column));
  }
  return json;
}

}  // namespace

void print(const Table& table, Verdicts verdicts) {
  print_heading(*table.of);
  for (const auto& row : table.rows) print_row(table, row);
  if (verdicts == Verdicts::kShown) {
    for (const auto column : {kWrite, kRead}) print_target(table, column);
  }
  std::fflush(stdout);
}

nlohmann::ordered_json to_json(const std::vector<Table>& tables) {
  nlohmann::ordered_json json;
  for (const auto& table : tables) json["cases"][std::string(table.of->name)] = json_of(table);
  return json;
}

}  // namespace manta::bench
