// First the text of a key, equal for keys that Python takes for equal; then how keys are shown in errors; then the
// comparison of the header.
#include "python_keys.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "../../base/error.h"

namespace manta::serialization {
namespace {

using Kind = TreeValue::Kind;

bool is_negative(const TreeValue& integer) {
  return integer.flag && !integer.bytes.empty() &&
         (integer.bytes.back() & std::byte{0x80}) != std::byte{0};
}

// ---- equal strings for equal keys: a letter, and what follows says where it ends

void append_sized(std::string& to, char letter, std::string_view content) {
  to += letter;
  std::size_t size = content.size();
  for (; size >= 0x80; size >>= 7) to += static_cast<char>((size & 0x7f) | 0x80);
  to += static_cast<char>(size);
  to += content;
}

void append_sized(std::string& to, char letter, std::span<const std::byte> content) {
  append_sized(to, letter, {reinterpret_cast<const char*>(content.data()), content.size()});
}

// Two's complement of any length, without the bytes that only repeat the sign.
void append_integer(std::string& to, std::span<const std::byte> bytes, bool negative) {
  const auto filler = negative ? std::byte{0xff} : std::byte{0};
  while (!bytes.empty() && bytes.back() == filler) bytes = bytes.first(bytes.size() - 1);
  append_sized(to, negative ? '-' : '+', bytes);
}

// A double that is a whole number is the integer of its value, however large.
void append_whole(std::string& to, double value) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  auto digits = static_cast<std::int64_t>(std::ldexp(fraction, 53));
  int shift = exponent - 53;
  if (shift < 0) {  // of a whole number, what leaves is zero
    digits >>= std::min(-shift, 53);
    shift = 0;
  }
  digits *= 1 << shift % 8;
  std::array<std::byte, 160> bytes;
  bytes.fill(value < 0 ? std::byte{0xff} : std::byte{0});
  std::memset(bytes.data(), 0, static_cast<std::size_t>(shift / 8));
  std::memcpy(bytes.data() + shift / 8, &digits, sizeof digits);
  append_integer(to, bytes, value < 0);
}

// False for NaN.
bool append_real(std::string& to, double value) {
  if (std::isnan(value)) return false;
  if (std::isfinite(value) && value == std::trunc(value)) {
    append_whole(to, value);
  } else {
    append_sized(to, 'f', std::as_bytes(std::span(&value, 1)));
  }
  return true;
}

bool append_key(std::string& to, const TreeValue& key);

bool append_items(std::string& to, const std::vector<TreeValue>& items) {
  to += '(';
  const bool comparable = std::all_of(items.begin(), items.end(),
                                      [&](const auto& item) { return append_key(to, item); });
  to += ')';
  return comparable;
}

// A frozenset: its order does not count.
bool append_set(std::string& to, const std::vector<TreeValue>& items) {
  std::vector<std::string> keys(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!append_key(keys[i], items[i])) return false;
  }
  std::sort(keys.begin(), keys.end());
  to += '{';
  for (const std::string& key : keys) to += key;
  to += '}';
  return true;
}

bool append_scalars(std::string& to, const TreeValue& array) {
  const TypeTreeNode& element = (*array.types)[array.node->parts[0].node];
  if (element.character) return append_sized(to, 'b', array.bytes), true;
  to += '(';
  for (std::size_t at = 0; at < array.bytes.size(); at += element.size) {
    if (!append_key(to, scalar_value(element, array.bytes.subspan(at, element.size)))) return false;
  }
  to += ')';
  return true;
}

// False where the key is or holds what is equal to nothing.
bool append_key(std::string& to, const TreeValue& key) {
  switch (key.kind) {
    case Kind::kNone:
      return to += 'n', true;
    case Kind::kBool:
      return append_whole(to, key.flag ? 1 : 0), true;
    case Kind::kInteger:
      return append_integer(to, key.bytes, is_negative(key)), true;
    case Kind::kReal:
      return append_real(to, key.real);
    case Kind::kComplex:
      if (key.imaginary == 0) return append_real(to, key.real);
      to += 'c';
      return append_real(to, key.real) && append_real(to, key.imaginary);
    case Kind::kText:
      return append_sized(to, 't', text_of(key)), true;
    case Kind::kBytes:
      return append_sized(to, 'b', key.bytes), true;
    case Kind::kArray:
      return append_scalars(to, key);
    case Kind::kSet:
      return key.node->unique ? append_set(to, key.items) : append_items(to, key.items);
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kStruct:
    case Kind::kMap:
      return append_items(to, key.items);
    case Kind::kObject:
      break;
  }
  return false;
}

// ---- keys as Python prints them, as far as an error shows them

std::string shown_real(double value) {
  std::array<char, 32> digits{};
  char* const end = std::to_chars(digits.begin(), digits.end(), value).ptr;
  std::string shown(digits.begin(), end);
  return shown.find_first_not_of("-0123456789") == std::string::npos ? shown + ".0" : shown;
}

std::string shown_integer(const TreeValue& value) {
  std::int64_t number = is_negative(value) ? -1 : 0;
  if (value.bytes.size() > sizeof number) return "an integer of many digits";
  std::memcpy(&number, value.bytes.data(), value.bytes.size());
  const bool large = number < 0 && !is_negative(value);
  return large ? std::to_string(static_cast<std::uint64_t>(number)) : std::to_string(number);
}

std::string shown(const TreeValue& key) {
  constexpr std::size_t kLongest = 60;
  switch (key.kind) {
    case Kind::kNone:
      return "None";
    case Kind::kBool:
      return key.flag ? "True" : "False";
    case Kind::kInteger:
      return shown_integer(key);
    case Kind::kReal:
      return shown_real(key.real);
    case Kind::kComplex:
      return "complex(" + shown_real(key.real) + ", " + shown_real(key.imaginary) + ")";
    case Kind::kText:
      return "\"" + std::string(text_of(key).substr(0, kLongest)) + "\"";
    case Kind::kBytes:
      return "bytes";
    case Kind::kArray:
      return "the numbers of an array";
    default:
      break;
  }
  std::string text = "(";
  for (const TreeValue& item : key.items) {
    if (text.size() > kLongest) return text + ", ...)";
    text.append(text.size() > 1 ? ", " : "").append(shown(item));
  }
  return text + ")";
}

}  // namespace

std::string_view text_of(const TreeValue& value) {
  if (!value.text.empty()) return value.text;
  return {reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size()};
}

void PythonKeys::add(const TreeValue& key) {
  if (only_ == nullptr && canonical_.empty()) {
    only_ = &key;
    return;
  }
  if (only_ != nullptr) compare(*std::exchange(only_, nullptr));
  compare(key);
}

void PythonKeys::compare(const TreeValue& key) {
  std::string canonical;
  if (!append_key(canonical, key)) return;
  const auto [known, fresh] = canonical_.try_emplace(std::move(canonical), &key);
  if (!fresh) refuse(*known->second, key);
}

void PythonKeys::refuse(const TreeValue& first, const TreeValue& second) const {
  throw SerializationError(
      "a " + std::string(container_) + " holds the keys " + shown(first) + " and " + shown(second) +
      ", which are equal in Python: one of them would be lost; use keys of one type, or pickle a "
      "vector of the elements or pairs");
}

}  // namespace manta::serialization
