#include "size_text.h"

#include <cctype>
#include <charconv>
#include <cmath>

namespace manta::detail {
namespace {

std::string lower(std::string_view text) {
  std::string result;
  for (const char c : text) {
    result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

// Bytes in a unit: "m", "mi", "mib", "mb", "b" or "".
std::optional<double> factor_of(std::string_view unit) {
  if (unit.empty() || unit == "b") return 1;
  const auto power = std::string_view("kmgt").find(unit.front());
  if (power == std::string_view::npos) return std::nullopt;
  unit.remove_prefix(1);
  if (!unit.empty() && unit != "i" && unit != "ib" && unit != "b") return std::nullopt;
  return std::pow(unit == "b" ? 1000.0 : 1024.0, static_cast<double>(power + 1));
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const char* const end = text.data() + text.size();
  std::uint64_t whole = 0;  // exact, where a double would not be
  if (const auto [at, error] = std::from_chars(text.data(), end, whole);
      error == std::errc() && at == end) {
    return whole;
  }
  double number = 0;
  const auto [at, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || !(number >= 0)) return std::nullopt;
  std::string_view unit(at, static_cast<std::size_t>(end - at));
  if (unit.size() > 1 && unit.front() == ' ') unit.remove_prefix(1);
  const auto factor = factor_of(lower(unit));
  constexpr double kBeyond = 18446744073709551616.0;  // 2^64
  if (!factor || !(number * *factor < kBeyond)) return std::nullopt;
  return static_cast<std::uint64_t>(number * *factor);
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t kMiB = 1 << 20;
  if (bytes >= kMiB && bytes % kMiB == 0) return std::to_string(bytes / kMiB) + " MiB";
  return std::to_string(bytes) + " bytes";
}

}  // namespace manta::detail
