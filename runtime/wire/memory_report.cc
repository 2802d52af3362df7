#include "memory_report.h"

#include "payload.h"

namespace manta::detail {

std::vector<std::byte> encode(const std::vector<HeldBlock>& blocks) { return pack(blocks); }
std::vector<std::byte> encode(const MemoryReport& report) { return pack(report); }

std::optional<std::vector<HeldBlock>> decode_held_blocks(std::span<const std::byte> bytes) {
  return unpack<std::vector<HeldBlock>>(bytes);
}

std::optional<MemoryReport> decode_memory_report(std::span<const std::byte> bytes) {
  return unpack<MemoryReport>(bytes);
}

}  // namespace manta::detail
