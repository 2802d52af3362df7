// From text, to text, in words, in C++: each is a table or a few cases.
#include "npy_type.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "../../base/error.h"

namespace manta::detail {
namespace {

// numpy's other names of types: letters of C's types, and words.
struct Alias {
  std::string_view name;
  std::string_view text;
};
constexpr Alias kAliases[] = {
    {"?", "b1"},       {"b", "i1"},           {"B", "u1"},           {"h", "i2"},
    {"H", "u2"},       {"i", "i4"},           {"I", "u4"},           {"l", "i8"},
    {"L", "u8"},       {"q", "i8"},           {"Q", "u8"},           {"p", "i8"},
    {"P", "u8"},       {"n", "i8"},           {"N", "u8"},           {"e", "f2"},
    {"f", "f4"},       {"d", "f8"},           {"g", "f16"},          {"F", "c8"},
    {"D", "c16"},      {"G", "c32"},          {"c", "S1"},           {"m", "m8"},
    {"M", "M8"},       {"bool", "b1"},        {"bool_", "b1"},       {"int8", "i1"},
    {"uint8", "u1"},   {"int16", "i2"},       {"uint16", "u2"},      {"int32", "i4"},
    {"uint32", "u4"},  {"int64", "i8"},       {"uint64", "u8"},      {"int", "i8"},
    {"uint", "u8"},    {"float", "f8"},       {"float16", "f2"},     {"float32", "f4"},
    {"float64", "f8"}, {"float128", "f16"},   {"complex", "c16"},    {"complex64", "c8"},
    {"half", "f2"},    {"single", "f4"},      {"double", "f8"},      {"longdouble", "f16"},
    {"object", "O"},   {"complex128", "c16"}, {"complex256", "c32"},
};

[[noreturn]] void unknown(std::string_view text) {
  throw InvalidArgument("its type \"" + std::string(text.substr(0, 100)) +
                        "\" is none that numpy writes for numbers, texts, times or structs");
}

// Of numbers: numpy has no others.
bool is_a_size(char kind, std::size_t size) {
  switch (kind) {
    case 'b':
      return size == 1;
    case 'i':
    case 'u':
      return size == 1 || size == 2 || size == 4 || size == 8;
    case 'f':  // 1: as ml_dtypes saves float8_e5m2, and numpy reads it no more
      return size == 1 || size == 2 || size == 4 || size == 8 || size == 16;
    case 'c':
      return size == 8 || size == 16 || size == 32;
    case 'm':
    case 'M':
      return size == 8;
    default:
      return kind == 'S' || kind == 'U' || kind == 'V';
  }
}

bool has_order(const NpyType& type) {
  return type.size > 1 && std::string_view("iufcmMU").find(type.kind) != std::string_view::npos;
}

// "ns" or "25s" of "[ns]" or "[25s]".
std::string parse_unit(std::string_view text, std::string_view whole) {
  if (text.empty() || text == "[generic]") return {};
  if (text.size() < 3 || text.front() != '[' || text.back() != ']') unknown(whole);
  text = text.substr(1, text.size() - 2);
  if (text.starts_with("1") && text.size() > 1 && text[1] > '9') text.remove_prefix(1);
  const auto name = text.substr(std::min(text.find_first_not_of("0123456789"), text.size()));
  for (const std::string_view known :
       {"Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"}) {
    if (name == known) return std::string(text);
  }
  unknown(whole);
}

// The text without a word in front of a unit: "datetime64[ns]" is "M8[ns]".
std::string without_alias(std::string_view text) {
  for (const auto& [word, letter] : {Alias{"datetime64", "M8"}, Alias{"timedelta64", "m8"}}) {
    if (text.starts_with(word)) return std::string(letter).append(text.substr(word.size()));
  }
  const auto* known = std::find_if(std::begin(kAliases), std::end(kAliases),
                                   [&](const Alias& alias) { return alias.name == text; });
  return std::string(known == std::end(kAliases) ? text : known->text);
}

std::string bits(std::size_t size) { return std::to_string(8 * size) + "-bit "; }

std::string of_unit(const std::string& unit) {
  return unit.empty() ? " without a unit" : " in " + unit;
}

template <class Describe>
std::string list_of_fields(const NpyType& type, std::string_view separator, Describe describe) {
  constexpr std::size_t kMostFields = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(type.fields.size(), kMostFields); ++i) {
    text.append(i == 0 ? "" : separator).append(describe(type.fields[i]));
  }
  return text + (type.fields.size() > kMostFields ? std::string(separator) + "..." : "");
}

std::string in_quotes(std::string_view name) {
  return name.find('\'') == std::string_view::npos ? "'" + std::string(name) + "'"
                                                   : "\"" + std::string(name) + "\"";
}

std::string padding_text(std::size_t size) { return "('', '|V" + std::to_string(size) + "')"; }

std::string struct_text(const NpyType& type) {
  std::string text = "[";
  std::size_t at = 0;
  const auto add = [&](const std::string& field) { text += (text.size() > 1 ? ", " : "") + field; };
  for (const NpyField& field : type.fields) {
    if (field.offset > at) add(padding_text(field.offset - at));
    const std::string descr = npy_type_text(field.type);
    std::string one = "(" + in_quotes(field.name) + ", ";
    one += descr.starts_with('[') ? descr : "'" + descr + "'";
    if (!field.shape.empty()) one += ", " + npy_shape_text(field.shape);
    add(one + ")");
    at = field.offset + npy_field_size(field);
  }
  if (type.size > at) add(padding_text(type.size - at));
  return text + "]";
}

std::string integer_in_cpp(const NpyType& type) {
  return std::string(type.kind == 'u' ? "std::u" : "std::") + "int" +
         std::to_string(8 * type.size) + "_t";
}

std::string float_in_cpp(std::size_t size) {
  return size == 2 ? "manta::float16" : size == 4 ? "float" : size == 8 ? "double" : "long double";
}

}  // namespace

NpyType make_npy_type(char kind, std::size_t size, char order) {
  NpyType type;
  type.kind = kind;
  type.size = size;
  type.order = order;
  return type;
}

NpyType parse_npy_type(std::string_view text) {
  const bool ordered =
      !text.empty() && std::string_view("<>=|").find(text[0]) != std::string_view::npos;
  const char order = ordered ? text[0] : '|';
  const std::string rest = without_alias(text.substr(ordered ? 1 : 0));
  if (rest == "O" || rest == "O8") return make_npy_type('O', 8);
  if (rest.size() < 2) unknown(text);
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), number);
  if (error != std::errc() || number > 0x7FFFFFFF || !is_a_size(rest[0], number)) unknown(text);
  NpyType type = make_npy_type(rest[0], rest[0] == 'U' ? 4 * number : number);
  const std::string_view more(end, static_cast<std::size_t>(rest.data() + rest.size() - end));
  if (type.kind == 'm' || type.kind == 'M') {
    type.unit = parse_unit(more, text);
  } else if (!more.empty()) {
    unknown(text);
  }
  // What has no byte order may say one; that of raw bytes tells ml_dtypes' types from others.
  const bool keeps = (type.kind == 'V' || type.kind == 'f') && order == '<';
  type.order = has_order(type) ? (order == '>' ? '>' : '<') : keeps ? '<' : '|';
  return type;
}

std::string npy_type_text(const NpyType& type) {
  if (type.is_struct) return struct_text(type);
  if (type.kind == 'O') return "|O";
  std::string text{type.order, type.kind};
  text += std::to_string(type.kind == 'U' ? type.size / 4 : type.size);
  return type.unit.empty() ? text : text + "[" + type.unit + "]";
}

std::string npy_type_words(const NpyType& type) {
  if (type.order == '>') {
    NpyType little = type;
    little.order = '<';
    return npy_type_words(little) + " in big-endian byte order";
  }
  if (type.is_struct) {
    return "structs of " + list_of_fields(type, ", ", [](const NpyField& field) {
             return field.name + " (" + npy_type_words(field.type) + ")";
           });
  }
  switch (type.kind) {
    case 'b':
      return "bools";
    case 'i':
      return bits(type.size) + "signed integers";
    case 'u':
      return bits(type.size) + "unsigned integers";
    case 'f':
      return type.size == 16 ? "long doubles" : bits(type.size) + "floats";
    case 'c':
      return "complex numbers of two " +
             (type.size == 32 ? "long doubles" : bits(type.size / 2) + "floats");
    case 'S':
      return "texts of " + std::to_string(type.size) + " bytes";
    case 'U':
      return "texts of " + std::to_string(type.size / 4) + " 32-bit characters";
    case 'm':
      return "durations" + of_unit(type.unit);
    case 'M':
      return "points in time" + of_unit(type.unit);
    case 'O':
      return "Python objects";
    default:
      return type.is_bfloat ? "bfloat16 numbers"
                            : "raw elements of " + std::to_string(type.size) +
                                  (type.size == 1 ? " byte" : " bytes");
  }
}

std::string npy_type_in_cpp(const NpyType& type) {
  if (type.is_struct) {
    return "a struct with the members " + list_of_fields(type, "; ", [](const NpyField& field) {
             std::string text = npy_type_in_cpp(field.type) + " " + field.name;
             for (const std::size_t n : field.shape) text += "[" + std::to_string(n) + "]";
             return text;
           });
  }
  switch (type.kind) {
    case 'b':
      return "bool";
    case 'i':
    case 'u':
      return integer_in_cpp(type);
    case 'f':
      return type.size == 1 ? "a struct of 1 byte" : float_in_cpp(type.size);
    case 'c':
      return "std::complex<" + float_in_cpp(type.size / 2) + ">";
    case 'S':
      return "std::array<char, " + std::to_string(type.size) + ">";
    case 'U':
      return "std::array<char32_t, " + std::to_string(type.size / 4) + ">";
    case 'm':
    case 'M':
      return "std::int64_t";
    case 'O':
      return {};
    default:
      return type.size == 2 ? "manta::bfloat16"
                            : "a struct of " + std::to_string(type.size) + " bytes";
  }
}

std::string npy_shape_text(const std::vector<std::size_t>& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text.append(i == 0 ? "" : ", ").append(std::to_string(shape[i]));
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

std::size_t npy_field_size(const NpyField& field) {
  std::size_t size = field.type.size;
  for (const std::size_t n : field.shape) {
    if (__builtin_mul_overflow(size, n, &size) || size >> 48 != 0) {
      throw InvalidArgument("not a valid .npy header: a field is larger than memory");
    }
  }
  return size;
}

}  // namespace manta::detail
