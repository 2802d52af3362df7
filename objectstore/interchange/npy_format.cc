// A parser of the one dict that numpy writes, then what the header says of the length of the file, and at the end the
// header that we write.
#include "npy_format.h"

#include <algorithm>
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

// Latin-1 as UTF-8.
std::string to_utf8(std::string_view latin) {
  std::string text;
  for (const char c : latin) {
    const auto code = static_cast<unsigned char>(c);
    if (code >= 0x80) text += static_cast<char>(0xC0 | code >> 6);
    text += static_cast<char>(code < 0x80 ? code : 0x80 | (code & 0x3F));
  }
  return text;
}

// Reads the literals that numpy writes: one dict of strings, booleans, tuples of integers, and lists of fields.
class DictParser {
 public:
  DictParser(std::string_view text, bool is_latin) : text_(text), is_latin_(is_latin) {}

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
  static constexpr int kMaxDepth = 32;  // of structs in structs

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
  // A backslash stays, with what it says of the next character: no name of ours has one.
  std::string quoted() {
    skip_space();
    if (text_.empty() || (text_[0] != '\'' && text_[0] != '"')) {
      malformed("a string is missing");
    }
    std::size_t end = 1;
    while (end < text_.size() && text_[end] != text_[0]) {
      end += text_[end] == '\\' ? 2 : 1;
    }
    if (end >= text_.size()) {
      malformed("a string without end");
    }
    std::string value(text_.substr(1, end - 1));
    text_.remove_prefix(end + 1);
    return is_latin_ ? to_utf8(value) : value;
  }
  NpyType type() {
    if (!accept('[')) {
      return parse_npy_type(quoted());
    }
    if (++depth_ > kMaxDepth) {
      malformed("its structs are nested too deeply");
    }
    NpyType type;
    type.is_struct = true;
    while (!accept(']')) {
      field(type);
      if (!accept(',')) {
        expect(']');
        break;
      }
    }
    --depth_;
    return type;
  }
  // ('name', type), ('name', type, shape), or with (title, name) for the name. Raw bytes without a name are padding.
  void field(NpyType& type_of) {
    NpyField field;
    expect('(');
    field.name = name();
    expect(',');
    field.type = type();
    if (accept(',')) {
      skip_space();
      field.shape = text_.starts_with('(') ? tuple() : std::vector<std::size_t>{number()};
    }
    expect(')');
    field.offset = type_of.size;
    type_of.size += npy_field_size(field);
    if (type_of.size >> 48 != 0) {
      malformed("a struct is larger than memory");
    }
    const bool padding = field.name.empty() && field.type.kind == 'V' && !field.type.is_struct;
    if (!padding) {
      type_of.fields.push_back(std::move(field));
    }
  }
  std::string name() {
    if (!accept('(')) {
      return quoted();
    }
    quoted();  // a title
    expect(',');
    std::string name = quoted();
    expect(')');
    return name;
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
  const bool is_latin_;
  int depth_ = 0;
  bool has_type_ = false;
  bool has_shape_ = false;
};

// What a file is that is no .npy, from its first bytes.
const char* what_else(std::string_view prefix) {
  if (prefix.starts_with("PK\3\4") || prefix.starts_with("PK\5\6")) {
    return "it is an archive of arrays, .npz: use load_npz";
  }
  if (prefix.starts_with("\x80\4\x95") || prefix.starts_with("\x80\5\x95")) {
    return "it is a Python pickle: save it with numpy.save";
  }
  return "it does not begin with \\x93NUMPY";
}

std::size_t text_offset(std::string_view bytes) { return byte_at(bytes, 6) == 1 ? 10 : 12; }

}  // namespace

bool is_npy(std::string_view prefix) {
  return prefix.size() >= kNpyPrefix && prefix.starts_with(kMagic);
}

std::size_t npy_data_offset(std::string_view prefix) {
  if (!is_npy(prefix)) {
    malformed(what_else(prefix));
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
  return DictParser(bytes.substr(text_offset(bytes)), byte_at(bytes, 6) < 3).parse();
}

NpyInfo info_of(const NpyHeader& header) {
  return {npy_type_text(header.type), header.shape, header.column_major};
}

std::string make_npy_header(const NpyType& type, const std::vector<std::size_t>& shape) {
  const std::string descr = npy_type_text(type);
  std::string dict = "{'descr': " + (type.is_struct ? descr : "'" + descr + "'");
  dict += ", 'fortran_order': False, 'shape': " + npy_shape_text(shape) + ", }";
  // Version 2 only where version 1 is too short for the dict, 3 where a name is not ASCII, as numpy does.
  const bool ascii = std::all_of(dict.begin(), dict.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  const int version = !ascii ? 3 : dict.size() + 75 > 0xFFFF ? 2 : 1;
  const std::size_t before = version > 1 ? 12 : 10;
  dict.append(63 - (before + dict.size()) % 64, ' ');
  dict += '\n';
  std::string header(kMagic);
  header += {static_cast<char>(version), '\0'};
  for (std::size_t i = 0; i < before - 8; ++i) {
    header += static_cast<char>(dict.size() >> (8 * i) & 0xFF);
  }
  return header + dict;
}

}  // namespace manta::detail
