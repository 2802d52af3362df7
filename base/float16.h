// Numbers of 16 bits: manta::float16, which is IEEE 754's binary16 (numpy's float16, "half"), and manta::bfloat16,
// which is the upper half of a float (ml_dtypes', JAX's and PyTorch's bfloat16).
//
//   float16    1 bit sign, 5 exponent, 10 fraction     largest 65504      3 decimal digits
//   bfloat16   1 bit sign, 8 exponent,  7 fraction     largest 3.39e38    2 decimal digits
//
// They are for storing: trivially copyable, their bytes are their bits, so that they are elements of arrays as float
// is. Arithmetic and comparisons are done in float, to which they convert without loss; the way back is explicit, and
// rounds to the nearest number, of two equally near ones to the even one; what is too large becomes infinity.
//
//   manta::MutableArray<manta::float16> a(n);    a[i] = manta::float16(a[i] * 0.5f);
//
// Where the compiler has std::float16_t and std::bfloat16_t, they convert to and from these, and are elements likewise.
// Threads: values.
#pragma once
#include <cstdint>
#include <type_traits>

#include "build_settings.h"
#if defined(__STDCPP_FLOAT16_T__) || defined(__STDCPP_BFLOAT16_T__)
#include <stdfloat>
#endif

namespace manta {

namespace detail {

// The bits of the number nearest to `value`, in a format with so many bits of exponent and fraction.
template <int kExponent, int kFraction>
constexpr std::uint16_t nearest_bits(double value) {
  constexpr std::uint64_t kImplicitOne = std::uint64_t{1} << 52;
  constexpr std::uint64_t kMagnitude = ~std::uint64_t{0} >> 1;
  constexpr std::uint64_t kInfinity = std::uint64_t{0x7FF} << 52;
  constexpr int kLargestExponent = (1 << kExponent) - 1;  // that of infinity and NaN
  constexpr int kBiases = 1023 - kLargestExponent / 2;
  constexpr auto kOutInfinity = static_cast<std::uint16_t>(kLargestExponent << kFraction);
  const auto in = __builtin_bit_cast(std::uint64_t, value);
  const std::uint64_t magnitude = in & kMagnitude;
  const auto sign = static_cast<std::uint16_t>(in >> 63 << 15);
  if (magnitude > kInfinity) {  // a quiet NaN, with the upper bits of its payload
    const std::uint64_t payload = magnitude >> (52 - kFraction) | 1u << (kFraction - 1);
    return static_cast<std::uint16_t>(sign | kOutInfinity | (payload & (kOutInfinity ^ 0x7FFFu)));
  }
  const int exponent = static_cast<int>(magnitude >> 52) - kBiases;
  if (exponent >= kLargestExponent) {
    return static_cast<std::uint16_t>(sign | kOutInfinity);
  }
  int shift = 52 - kFraction;
  std::uint64_t digits = magnitude - (static_cast<std::uint64_t>(kBiases) << 52);
  if (exponent <= 0) {  // subnormal: the leading one is written out
    shift += 1 - exponent;
    digits = (magnitude & (kImplicitOne - 1)) | kImplicitOne;
    if (shift > 53) {
      return sign;
    }
  }
  const std::uint64_t half = std::uint64_t{1} << (shift - 1);
  const std::uint64_t to_even = digits >> shift & 1;
  return static_cast<std::uint16_t>(sign | (digits + half - 1 + to_even) >> shift);
}

// Numbers of C++, and those of 128 bits, which are not always called arithmetic.
__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;
template <class T>
concept Number = std::is_arithmetic_v<T> || std::is_same_v<T, Int128> || std::is_same_v<T, Uint128>;

// A double that is rounded to fewer digits as `value` is: `value` itself, or if that lies between two doubles, the one
// whose last digit is odd. So it lies where `value` does, seen from the middle of two numbers of fewer digits.
template <Number T>
constexpr double to_odd(T value) {
  if constexpr (sizeof(T) <= 4 || std::is_same_v<T, double>) {
    return static_cast<double>(value);
  } else if constexpr (static_cast<T>(0.5) == 0) {  // an integer
    double scale = 1;
    for (; value / (T{1} << 53) != 0; scale *= 2) value = value >> 1 | (value & 1);
    return static_cast<double>(value) * scale;
  } else {
    const auto near = static_cast<double>(value);
    const auto wide = static_cast<T>(near);
    if (!(wide < value) && !(wide > value)) return near;  // the same, or none
    const bool beyond = value > 0 ? wide > value : wide < value;
    const auto towards_zero = __builtin_bit_cast(std::uint64_t, near) - (beyond ? 1 : 0);
    return __builtin_bit_cast(double, towards_zero | 1);
  }
}

}  // namespace detail

class float16 {
 public:
  constexpr float16() = default;  // has no value yet, as a float; float16{} is zero
  // The nearest one.
  constexpr explicit float16(float value) : bits_(detail::nearest_bits<5, 10>(double{value})) {}
  // The nearest one of any other number, rounded once.
  template <detail::Number T>
  constexpr explicit float16(T value) : bits_(detail::nearest_bits<5, 10>(detail::to_odd(value))) {}
  // Without loss.
  constexpr operator float() const {
    const std::uint32_t sign = (bits_ & 0x8000u) << 16;
    const std::uint32_t exponent = bits_ >> 10 & 0x1Fu;
    const std::uint32_t fraction = bits_ & 0x3FFu;
    if (exponent == 0) {
      const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    }
    const std::uint32_t wide = exponent == 0x1F ? 0xFFu : exponent + (127 - 15);
    return __builtin_bit_cast(float, sign | wide << 23 | fraction << 13);
  }

  // What a file or another library has as 16 bits, and the reverse: sign, exponent, fraction from the highest bit on.
  static constexpr float16 from_bits(std::uint16_t bits) {
    return __builtin_bit_cast(float16, bits);
  }
  constexpr std::uint16_t bits() const { return bits_; }

#ifdef __STDCPP_FLOAT16_T__
  constexpr explicit operator std::float16_t() const {
    return __builtin_bit_cast(std::float16_t, bits_);
  }
#endif

 private:
  std::uint16_t bits_;
};

class bfloat16 {
 public:
  constexpr bfloat16() = default;  // as that of float16
  // The nearest one.
  constexpr explicit bfloat16(float value) : bits_(detail::nearest_bits<8, 7>(double{value})) {}
  // The nearest one of any other number, rounded once.
  template <detail::Number T>
  constexpr explicit bfloat16(T value) : bits_(detail::nearest_bits<8, 7>(detail::to_odd(value))) {}
  // Without loss.
  constexpr operator float() const {
    return __builtin_bit_cast(float, static_cast<std::uint32_t>(bits_) << 16);
  }

  // As those of float16.
  static constexpr bfloat16 from_bits(std::uint16_t bits) {
    return __builtin_bit_cast(bfloat16, bits);
  }
  constexpr std::uint16_t bits() const { return bits_; }

#ifdef __STDCPP_BFLOAT16_T__
  constexpr explicit operator std::bfloat16_t() const {
    return __builtin_bit_cast(std::bfloat16_t, bits_);
  }
#endif

 private:
  std::uint16_t bits_;
};

namespace detail {

// Whether T is a number of that format: Manta's class or the compiler's type.
template <class T>
inline constexpr bool is_float16 = std::is_same_v<T, float16>;
template <class T>
inline constexpr bool is_bfloat16 = std::is_same_v<T, bfloat16>;
#ifdef __STDCPP_FLOAT16_T__
template <>
inline constexpr bool is_float16<std::float16_t> = true;
#endif
#ifdef __STDCPP_BFLOAT16_T__
template <>
inline constexpr bool is_bfloat16<std::bfloat16_t> = true;
#endif

}  // namespace detail

}  // namespace manta
