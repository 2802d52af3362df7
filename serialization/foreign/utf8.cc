#include "utf8.h"

#include <cstdint>
#include <cstring>

namespace manta::serialization {
namespace {

void append_utf8(std::string& out, std::uint32_t c) {
  const auto byte = [&](std::uint32_t bits) { out += static_cast<char>(bits); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xc0 | c >> 6);
    byte(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    byte(0xe0 | c >> 12);
    byte(0x80 | (c >> 6 & 0x3f));
    byte(0x80 | (c & 0x3f));
  } else {
    byte(0xf0 | c >> 18);
    byte(0x80 | (c >> 12 & 0x3f));
    byte(0x80 | (c >> 6 & 0x3f));
    byte(0x80 | (c & 0x3f));
  }
}

std::uint32_t unit_at(std::span<const std::byte> bytes, std::size_t width) {
  std::uint32_t unit = 0;
  std::memcpy(&unit, bytes.data(), width);
  return unit;
}

}  // namespace

std::string to_utf8(std::span<const std::byte> bytes, std::size_t width) {
  std::string out;
  while (!bytes.empty()) {
    std::uint32_t c = unit_at(bytes, width);
    bytes = bytes.subspan(width);
    const bool high = width == 2 && c >= 0xd800 && c < 0xdc00;
    if (high && !bytes.empty()) {
      const std::uint32_t low = unit_at(bytes, width);
      if (low >= 0xdc00 && low < 0xe000) {
        bytes = bytes.subspan(width);
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
      }
    }
    append_utf8(out, c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0xfffd : c);
  }
  return out;
}

bool is_utf8(std::string_view text) {
  std::size_t at = 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  while (at < text.size()) {
    const unsigned first = byte(at);
    const std::size_t size = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
    if (size == 0 || text.size() - at < size) {
      return false;
    }
    for (std::size_t i = 1; i < size; ++i) {
      if ((byte(at + i) & 0xc0) != 0x80) {
        return false;
      }
    }
    const unsigned second = size > 1 ? byte(at + 1) : 0;
    const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    const bool beyond = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
    if (overlong || beyond) {
      return false;
    }
    at += size;
  }
  return true;
}

}  // namespace manta::serialization
