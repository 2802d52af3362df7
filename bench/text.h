// Numbers as text, for tables.
#pragma once
#include <cstdio>
#include <string>

namespace manta::bench {

inline std::string formatted(const char* format, double value) {
  char text[40];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace manta::bench
