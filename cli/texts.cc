#include "texts.h"

#include <cstdio>
#include <iterator>

#include "../runtime/ownership/notices.h"

namespace manta::cli {

std::string printable(const std::string& text, std::size_t most) {
  return detail::one_line(text, most);
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  auto amount = static_cast<double>(bytes);
  for (; amount >= 1024 && unit + 1 < std::size(kUnits); ++unit) amount /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", amount, kUnits[unit]);
  return text;
}

}  // namespace manta::cli
