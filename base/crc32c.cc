#include "crc32c.h"

#include <array>
#include <cstring>

namespace manta::base {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  // bits reversed

// Table k gives the effect of a byte after which k more bytes follow: eight tables take eight bytes at a time.
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    }
    tables[0][i] = crc;
  }
  for (std::size_t k = 1; k < tables.size(); ++k) {
    for (std::size_t i = 0; i < 256; ++i) {
      const std::uint32_t before = tables[k - 1][i];
      tables[k][i] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_instruction(
    std::uint32_t before, std::span<const std::byte> bytes) {
  std::uint64_t crc = ~before;
  const std::byte* p = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, p, 8);
    crc = __builtin_ia32_crc32di(crc, word);
  }
  auto narrow = static_cast<std::uint32_t>(crc);
  for (; left != 0; --left, ++p) {
    narrow = __builtin_ia32_crc32qi(narrow, static_cast<unsigned char>(*p));
  }
  return ~narrow;
}
#endif

}  // namespace

std::uint32_t crc32c_by_table(std::uint32_t before, std::span<const std::byte> bytes) {
  std::uint32_t crc = ~before;
  const std::byte* p = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8) {
    std::uint32_t mixed = 0;
    for (unsigned i = 0; i < 8; ++i) {
      const std::uint32_t from_crc = i < 4 ? (crc >> (8 * i)) & 0xff : 0;
      mixed ^= kTables[7 - i][from_crc ^ static_cast<std::uint32_t>(p[i])];
    }
    crc = mixed;
  }
  for (; left != 0; --left, ++p) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<std::uint32_t>(*p)) & 0xff];
  }
  return ~crc;
}

std::uint32_t crc32c(std::uint32_t before, std::span<const std::byte> bytes) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) {
    return crc32c_by_instruction(before, bytes);
  }
#endif
  return crc32c_by_table(before, bytes);
}

}  // namespace manta::base
