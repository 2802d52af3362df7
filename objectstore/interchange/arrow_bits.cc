#include "arrow_bits.h"

#include <bit>
#include <cstring>

namespace manta::detail {

std::size_t count_zeros(const std::uint8_t* bits, std::size_t first, std::size_t count) {
  const std::size_t end = first + count;
  std::size_t ones = 0;
  std::size_t at = first;
  for (; at < end && at % 8 != 0; ++at) ones += bit_at(bits, at) ? 1 : 0;
  for (; end - at >= 64; at += 64) {
    std::uint64_t word = 0;
    std::memcpy(&word, bits + at / 8, sizeof word);
    ones += static_cast<std::size_t>(std::popcount(word));
  }
  for (; at < end; ++at) ones += bit_at(bits, at) ? 1 : 0;
  return count - ones;
}

void unpack_bits(const std::uint8_t* bits, std::size_t first, std::size_t count, bool* to) {
  for (std::size_t i = 0; i < count; ++i) to[i] = bit_at(bits, first + i);
}

void pack_bits(const bool* values, std::size_t count, Packed how, std::uint8_t* to) {
  std::memset(to, 0, (count + 7) / 8);
  const bool one = how == Packed::kSame;
  for (std::size_t i = 0; i < count; ++i) {
    if (values[i] == one) to[i / 8] = static_cast<std::uint8_t>(to[i / 8] | 1u << i % 8);
  }
}

}  // namespace manta::detail
