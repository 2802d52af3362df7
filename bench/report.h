// The figures as a table for people and as JSON for programs.
#pragma once
#include <cstdio>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "run_loop.h"

namespace manta::bench {

void print_floors(const std::vector<Figure>& floors);
void print_heading();
void print_row(const Outcome& outcome, const Floors& floors);  // as soon as it is known

// {"floors": {name: value}, "loops": {name: {"value", "unit", "floor_ratio", "cpu_us_per_op"}}}; what there is not: null.
nlohmann::ordered_json to_json(const std::vector<Figure>& floors,
                               const std::vector<Outcome>& outcomes);

std::string short_number(double value);  // "1.23 M"; "-" for none

}  // namespace manta::bench
