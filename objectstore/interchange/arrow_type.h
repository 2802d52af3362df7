// Types of Arrow's columns, which a format string names ("g": float64, "tsn:UTC": a timestamp).
//
// What an Array can hold has a letter, that of the format of its elements: 'c' to 'L' for integers, 'e', 'f', 'g' for
// half, float and double, 'b' for bool, which Arrow packs into bits. Timestamps, dates, times of day, durations and
// intervals of months have the letter of the integer that they are. 'w' is bfloat16, for which Arrow has no type of its
// own: it travels as fixed-size binary of 2 bytes ("w:2"). 0: no Array can hold it.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include "../../base/float16.h"

namespace manta::detail {

template <class T>
consteval char arrow_letter() {
  static_assert((std::is_integral_v<T> && sizeof(T) <= 8) || std::is_same_v<T, float> ||
                    std::is_same_v<T, double> || is_float16<T> || is_bfloat16<T>,
                "manta: the Arrow interface takes arrays of bool, integers up to 64 bits, "
                "manta::float16, manta::bfloat16, float and double");
  if constexpr (std::is_same_v<T, bool>) {
    return 'b';
  } else if constexpr (is_float16<T>) {
    return 'e';
  } else if constexpr (is_bfloat16<T>) {
    return 'w';
  } else if constexpr (std::is_floating_point_v<T>) {
    return sizeof(T) == 4 ? 'f' : 'g';
  } else {
    constexpr std::size_t log2 = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
    return std::is_signed_v<T> ? "csil"[log2] : "CSIL"[log2];
  }
}

// The letter of a column of that format.
char arrow_letter(std::string_view format);
// The bytes of an element in an Array.
std::size_t arrow_element_size(char letter);
// The format that arrays of the letter are exported with.
const char* arrow_format(char letter);
// The C++ type of the letter, as a program writes it: "std::int64_t".
std::string_view arrow_cpp_type(char letter);
// In words: "timestamp in nanoseconds, UTC", "string view".
std::string arrow_type_name(std::string_view format);

}  // namespace manta::detail
