#include "id.h"

#include <ostream>

namespace manta::base {

std::string hex_digits(std::uint64_t hi, std::uint64_t lo) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(32, '0');
  for (std::size_t i = 0; i < 16; ++i) {
    text[15 - i] = kDigits[(hi >> (4 * i)) & 15];
    text[31 - i] = kDigits[(lo >> (4 * i)) & 15];
  }
  return text;
}

void print_hex(std::ostream& out, std::uint64_t hi, std::uint64_t lo) { out << hex_digits(hi, lo); }

}  // namespace manta::base
