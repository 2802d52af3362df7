// Which bytes belong to words, for 64 bytes at a time: the scanner then steps from edge to edge of
// the bits instead of from byte to byte.
//
//   text   i n t _ m a i n ( )            a word byte is a letter, a digit or '_' of ASCII;
//   bits   1 1 1 1 1 1 1 1 0 0            every other byte, also all of UTF-8 beyond, separates
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace codesearch {

constexpr bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

constexpr std::size_t kBitsPerStep = 64;

#ifdef __SSE2__
inline std::uint64_t word_bits_of_16(const char* p) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const auto between = [](__m128i x, char low, char high) {  // signed: bytes from 0x80 are below
    return _mm_and_si128(_mm_cmpgt_epi8(x, _mm_set1_epi8(static_cast<char>(low - 1))),
                         _mm_cmplt_epi8(x, _mm_set1_epi8(static_cast<char>(high + 1))));
  };
  const __m128i letter = between(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z');
  const __m128i digit = between(bytes, '0', '9');
  const __m128i line = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_'));
  return static_cast<std::uint64_t>(
      _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(letter, digit), line)));
}

// Bit i says whether p[i] is a word byte; reads p[0] to p[63].
inline std::uint64_t word_bits(const char* p) {
  return word_bits_of_16(p) | word_bits_of_16(p + 16) << 16 | word_bits_of_16(p + 32) << 32 |
         word_bits_of_16(p + 48) << 48;
}
#else
inline constexpr auto kIsWordByte = [] {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = is_word_byte(static_cast<char>(i)) ? 1 : 0;
  }
  return table;
}();

inline std::uint64_t word_bits(const char* p) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < kBitsPerStep; ++i) {
    bits |= std::uint64_t{kIsWordByte[static_cast<unsigned char>(p[i])]} << i;
  }
  return bits;
}
#endif

}  // namespace codesearch
