// Tables first (elements, names, numbered formats, units of time), then the two functions that look formats up in them.
#include "arrow_type.h"

#include <algorithm>
#include <iterator>

namespace manta::detail {
namespace {

struct Element {
  std::size_t size;
  const char* format;  // of which the first letter tells it from the others
  const char* name;
  const char* cpp_type;
};

constexpr Element kElements[] = {
    {1, "b", "bool", "bool"},
    {1, "c", "int8", "std::int8_t"},
    {1, "C", "uint8", "std::uint8_t"},
    {2, "s", "int16", "std::int16_t"},
    {2, "S", "uint16", "std::uint16_t"},
    {4, "i", "int32", "std::int32_t"},
    {4, "I", "uint32", "std::uint32_t"},
    {8, "l", "int64", "std::int64_t"},
    {8, "L", "uint64", "std::uint64_t"},
    {2, "e", "float16", "manta::float16"},
    {4, "f", "float32", "float"},
    {8, "g", "float64", "double"},
    {2, "w:2", "fixed-size binary of 2 bytes", "manta::bfloat16"},
};

struct Named {
  std::string_view format;
  std::string_view name;
};

constexpr Named kOthers[] = {
    {"n", "null, without values"},
    {"u", "string"},
    {"U", "large string"},
    {"vu", "string view"},
    {"z", "binary"},
    {"Z", "large binary"},
    {"vz", "binary view"},
    {"tiM", "interval of months"},
    {"tiD", "interval of days and milliseconds"},
    {"tin", "interval of months, days and nanoseconds"},
    {"+l", "list"},
    {"+L", "large list"},
    {"+vl", "list view"},
    {"+vL", "large list view"},
    {"+s", "struct"},
    {"+m", "map"},
    {"+r", "run-end encoded"},
};

// Formats that continue with numbers, which stand between two words.
struct Numbered {
  std::string_view prefix;
  std::string_view before;
  std::string_view after;
};

constexpr Numbered kNumbered[] = {
    {"d:", "decimal(", ")"},
    {"w:", "fixed-size binary of ", " bytes"},
    {"+w:", "fixed-size list of ", " elements"},
    {"+ud:", "dense union of the types ", ""},
    {"+us:", "sparse union of the types ", ""},
};

// "tsn:UTC": what it is, its unit, and what else there is to say.
struct Temporal {
  std::string_view prefix;
  std::string_view name;
  std::string_view units;     // the letters that may follow
  std::string_view integers;  // for each of them the letter of the integer that it is
};

constexpr Temporal kTemporals[] = {
    {"ts", "timestamp", "smun", "llll"},
    {"td", "date", "Dm", "il"},
    {"tt", "time of day", "smun", "iill"},
    {"tD", "duration", "smun", "llll"},
};

std::string_view unit_name(char unit) {
  switch (unit) {
    case 'D':
      return "days";
    case 's':
      return "seconds";
    case 'm':
      return "milliseconds";
    case 'u':
      return "microseconds";
    default:
      return "nanoseconds";
  }
}

const Element* element_of(char letter) {
  const auto* const found =
      std::find_if(std::begin(kElements), std::end(kElements),
                   [&](const Element& one) { return one.format[0] == letter; });
  return found == std::end(kElements) ? nullptr : found;
}

const Element* element_of(std::string_view format) {
  const auto* const found = std::find_if(std::begin(kElements), std::end(kElements),
                                         [&](const Element& one) { return one.format == format; });
  return found == std::end(kElements) ? nullptr : found;
}

// Its place in kTemporals, and that of its unit.
struct TemporalFormat {
  const Temporal* type = nullptr;
  std::size_t unit = 0;
};

TemporalFormat temporal_of(std::string_view format) {
  for (const Temporal& type : kTemporals) {
    if (format.size() < 3 || !format.starts_with(type.prefix)) continue;
    const bool zoned = type.prefix == "ts";  // ':' follows, and perhaps a time zone
    if (zoned ? format.size() < 4 || format[3] != ':' : format.size() != 3) continue;
    const std::size_t unit = type.units.find(format[2]);
    if (unit != std::string_view::npos) return {&type, unit};
  }
  return {};
}

}  // namespace

char arrow_letter(std::string_view format) {
  if (const Element* const element = element_of(format)) return element->format[0];
  if (format == "tiM") return 'i';
  const TemporalFormat temporal = temporal_of(format);
  return temporal.type == nullptr ? '\0' : temporal.type->integers[temporal.unit];
}

std::size_t arrow_element_size(char letter) { return element_of(letter)->size; }

const char* arrow_format(char letter) { return element_of(letter)->format; }

std::string_view arrow_cpp_type(char letter) { return element_of(letter)->cpp_type; }

std::string arrow_type_name(std::string_view format) {
  constexpr std::size_t kLongest = 60;  // of what comes from outside
  if (const Element* const element = element_of(format)) return element->name;
  for (const Named& one : kOthers) {
    if (format == one.format) return std::string(one.name);
  }
  for (const Numbered& one : kNumbered) {
    if (!format.starts_with(one.prefix)) continue;
    return std::string(one.before)
        .append(format.substr(one.prefix.size(), kLongest))
        .append(one.after);
  }
  const TemporalFormat temporal = temporal_of(format);
  if (temporal.type == nullptr) {
    return "what is of the unknown format \"" + std::string(format.substr(0, kLongest)) + "\"";
  }
  std::string name(temporal.type->name);
  name.append(" in ").append(unit_name(temporal.type->units[temporal.unit]));
  if (format.size() > 4) name.append(", ").append(format.substr(4, kLongest));
  return name;
}

}  // namespace manta::detail
