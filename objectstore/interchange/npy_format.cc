// A parser of the one dict that numpy writes, then what the header says of the length of the file and of its type, and
// at the end the header that we write.
#include "npy_format.h"

#include <charconv>
#include <system_error>

#include "../../base/error.h"

namespace manta::detail {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

[[noreturn]] void malformed(const char* why) {
  throw InvalidArgument(std::string("not a valid .npy header: ") + why);
}

std::size_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

// Reads the literals that numpy writes: one dict of strings, booleans and tuples of integers.
class DictParser {
 public:
  explicit DictParser(std::string_view text) : text_(text) {}

  NpyHeader parse() {
    NpyHeader header;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        header.type = type();
        has_type_ = true;
      } else if (key == "fortran_order") {
        header.column_major = boolean();
      } else if (key == "shape") {
        header.shape = tuple();
        has_shape_ = true;
      } else {
        malformed("an unknown key");
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (!has_type_ || !has_shape_) {
      malformed("no type or no shape");
    }
    return header;
  }

 private:
  void skip_space() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\t' || text_[0] == '\n')) {
      text_.remove_prefix(1);
    }
  }
  bool accept(char c) {
    skip_space();
    if (text_.empty() || text_[0] != c) {
      return false;
    }
    text_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) {
      malformed("not the dict that numpy writes");
    }
  }
  std::string quoted() {
    skip_space();
    if (text_.empty() || (text_[0] != '\'' && text_[0] != '"')) {
      malformed("a string is missing");
    }
    const std::size_t end = text_.find(text_[0], 1);
    if (end == std::string_view::npos) {
      malformed("a string without end");
    }
    std::string value(text_.substr(1, end - 1));
    text_.remove_prefix(end + 1);
    return value;
  }
  // A list describes the fields of a structured type, which no array of ours has.
  std::string type() {
    skip_space();
    if (text_.empty() || text_[0] != '[') {
      return quoted();
    }
    int depth = 0;
    do {
      depth += text_[0] == '[' ? 1 : text_[0] == ']' ? -1 : 0;
      text_.remove_prefix(1);
    } while (depth > 0 && !text_.empty());
    return {};
  }
  bool boolean() {
    skip_space();
    for (const std::string_view word : {std::string_view("True"), std::string_view("False")}) {
      if (text_.starts_with(word)) {
        text_.remove_prefix(word.size());
        return word == "True";
      }
    }
    malformed("neither True nor False");
  }
  std::vector<std::size_t> tuple() {
    std::vector<std::size_t> values;
    expect('(');
    while (!accept(')')) {
      values.push_back(number());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return values;
  }
  std::size_t number() {
    skip_space();
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc()) {
      malformed("a number is missing or too large");
    }
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    accept('L');  // old versions of Python
    return value;
  }

  std::string_view text_;
  bool has_type_ = false;
  bool has_shape_ = false;
};

std::size_t text_offset(std::string_view bytes) { return byte_at(bytes, 6) == 1 ? 10 : 12; }

}  // namespace

std::size_t npy_data_offset(std::string_view prefix) {
  if (prefix.size() < kNpyPrefix || !prefix.starts_with(kMagic)) {
    malformed("it does not begin with \\x93NUMPY");
  }
  const std::size_t major = byte_at(prefix, 6);
  if (major < 1 || major > 3) {
    malformed("an unknown version");
  }
  std::size_t length = byte_at(prefix, 8) | byte_at(prefix, 9) << 8;
  if (major > 1) {
    length |= byte_at(prefix, 10) << 16 | byte_at(prefix, 11) << 24;
  }
  if (length > kNpyMaxHeader) {
    malformed("it is too long");
  }
  return text_offset(prefix) + length;
}

NpyHeader parse_npy_header(std::string_view bytes) {
  return DictParser(bytes.substr(text_offset(bytes))).parse();
}

void check_npy_header(const NpyHeader& header, const std::string& type) {
  if (header.type != type) {
    throw InvalidArgument("it holds elements of type \"" +
                          (header.type.empty() ? "(a structured type)" : header.type) +
                          "\", the array \"" + type + "\"");
  }
  if (header.column_major && header.shape.size() > 1) {
    throw InvalidArgument(
        "it is in column-major (Fortran) order; save it with numpy.ascontiguousarray");
  }
}

std::string make_npy_header(std::string_view type, std::span<const std::size_t> shape) {
  std::string dict = "{'descr': '" + std::string(type) + "', 'fortran_order': False, 'shape': (";
  for (const std::size_t n : shape) {
    dict += std::to_string(n) + ", ";
  }
  dict += "), }";
  // Version 2 only where version 1 is too short for the dict, as numpy does.
  const bool large = dict.size() + 75 > 0xFFFF;
  const std::size_t before = large ? 12 : 10;
  dict.append(63 - (before + dict.size()) % 64, ' ');
  dict += '\n';
  std::string header(kMagic);
  header += {large ? '\2' : '\1', '\0'};
  for (std::size_t i = 0; i < before - 8; ++i) {
    header += static_cast<char>(dict.size() >> (8 * i) & 0xFF);
  }
  return header + dict;
}

}  // namespace manta::detail
