// CRC-32C (Castagnoli), as in iSCSI and ext4: by the SSE 4.2 instruction where the processor has it,
// else by tables.
//
//   crc32c(0, "123456789") == 0xe3069283;   crc32c(crc32c(0, a), b) == crc32c(0, a followed by b)
//
// Threads: any.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "build_settings.h"

namespace manta::base {

// The checksum of what came before, 0 if nothing did, and of `bytes` after it.
std::uint32_t crc32c(std::uint32_t before, std::span<const std::byte> bytes);

// The same without the instruction, for tests.
std::uint32_t crc32c_by_table(std::uint32_t before, std::span<const std::byte> bytes);

}  // namespace manta::base
