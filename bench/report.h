// The figures as a table for people and as JSON for programs.
#pragma once
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "run_loop.h"

namespace manta::bench {

void print_floors(const std::vector<Figure>& floors);
void print_heading();
// To be called as soon as the outcome is known.
void print_row(const Outcome& outcome, const Floors& floors);

// {"floors": {name: value}, "loops": {name: {"value", "unit", "floor_ratio", "cpu_us_per_op"}}}. A figure that does not
// exist is null.
nlohmann::ordered_json to_json(const std::vector<Figure>& floors,
                               const std::vector<Outcome>& outcomes);

// "1.23 M"; "-" if there is no number.
std::string short_number(double value);

}  // namespace manta::bench
