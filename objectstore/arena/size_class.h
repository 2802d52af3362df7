// The sizes of small blocks: every multiple of 64 bytes up to 512, then four in each doubling, up to 512 KiB.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>

#include "../../base/build_settings.h"

namespace manta::objectstore {

inline constexpr std::uint8_t kSizeClasses = 48;
inline constexpr std::size_t kLargestSmallBlock = std::size_t{512} << 10;
// Slabs of smaller ones are not spilled: most of these are packs of small values, which are read without asking.
inline constexpr std::size_t kSmallestSpilled = std::size_t{64} << 10;

constexpr std::size_t class_size(std::uint8_t size_class) {
  if (size_class < 8) {
    return std::size_t{64} * (size_class + 1u);
  }
  const unsigned doubling = 9u + (size_class - 8u) / 4u;
  const unsigned quarter = (size_class - 8u) % 4u + 1u;
  return (std::size_t{1} << doubling) + (std::size_t{quarter} << (doubling - 2));
}

// The smallest class that holds `size` bytes, 1 to kLargestSmallBlock.
constexpr std::uint8_t size_class_of(std::size_t size) {
  if (size <= 512) {
    return static_cast<std::uint8_t>((size + 63) / 64 - 1);
  }
  const std::size_t last = size - 1;
  const unsigned doubling = static_cast<unsigned>(std::bit_width(last)) - 1;
  const std::size_t quarter = (last >> (doubling - 2)) & 3;
  return static_cast<std::uint8_t>(8 + (doubling - 9) * 4 + quarter);
}

static_assert(size_class_of(1) == 0 && size_class_of(64) == 0 && size_class_of(65) == 1);
static_assert(class_size(size_class_of(513)) == 640 && class_size(size_class_of(640)) == 640);
static_assert(class_size(kSizeClasses - 1) == kLargestSmallBlock);
static_assert(size_class_of(kLargestSmallBlock) == kSizeClasses - 1);

}  // namespace manta::objectstore
