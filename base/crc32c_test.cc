#include "crc32c.h"

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace manta::base {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(Crc32c, KnownValues) {
  EXPECT_EQ(crc32c(0, bytes_of("123456789")), 0xe3069283u);
  EXPECT_EQ(crc32c(0, {}), 0u);
  EXPECT_EQ(crc32c(0, std::vector<std::byte>(32)), 0x8a9136aau);  // RFC 3720, B.4
}

TEST(Crc32c, InstructionAndTableAgreeAtEveryLength) {
  std::vector<std::byte> bytes(300);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(i * 37 + 11);
  }
  const std::span<const std::byte> all(bytes);
  for (std::size_t n = 0; n <= bytes.size(); ++n) {
    EXPECT_EQ(crc32c(5, all.first(n)), crc32c_by_table(5, all.first(n)));
    EXPECT_EQ(crc32c(crc32c(0, all.first(n)), all.subspan(n)), crc32c(0, all));
  }
}

}  // namespace
}  // namespace manta::base
