// Numbers and names as text, for tables and JSON. Pure functions.
#pragma once
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>

namespace manta::bench {

inline std::string formatted(const char* format, double value) {
  char text[40];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

inline std::string json_number(double value) {
  return std::isfinite(value) ? formatted("%.6g", value) : "null";
}

inline std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

}  // namespace manta::bench
