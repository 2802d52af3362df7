// Bits as Arrow packs them: which elements are valid, and the elements of a column of bool. The first one is the
// lowest of the first byte.
//
// Threads: any.   Units: places and counts are in bits. Only bytes that hold one of the bits asked for are touched.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../../base/build_settings.h"

namespace manta::detail {

inline bool bit_at(const std::uint8_t* bits, std::size_t at) {
  return (bits[at / 8] >> (at % 8) & 1) != 0;
}

// How many of `count` bits from `first` on are 0.
std::size_t count_zeros(const std::uint8_t* bits, std::size_t first, std::size_t count);
// Writes them as bytes of 0 and 1.
void unpack_bits(const std::uint8_t* bits, std::size_t first, std::size_t count, bool* to);
// Packs `count` values, or their opposites, into (count + 7) / 8 bytes.
enum class Packed { kSame, kOpposite };
void pack_bits(const bool* values, std::size_t count, Packed how, std::uint8_t* to);

}  // namespace manta::detail
