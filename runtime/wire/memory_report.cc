#include "memory_report.h"

#include <utility>

#include "payload.h"

namespace manta::detail {

std::string holders_text(const MemoryObject& object) {
  std::string text;
  for (const MemoryHolder& holder : object.holders) {
    text += (text.empty() ? "" : "; ") + holder.process;
    text += (holder.runs.empty() ? "" : ", which runs " + holder.runs) + ":";
    const char* between = " ";
    for (const std::string& kind : holder.kinds) text += std::exchange(between, ", ") + kind;
  }
  return text.empty() ? object.owner + ": on its way" : text;
}

std::vector<std::byte> encode(const HeldBlocks& held) { return pack(held); }
std::vector<std::byte> encode(const MemoryReport& report) { return pack(report); }

std::optional<HeldBlocks> decode_held_blocks(std::span<const std::byte> bytes) {
  return unpack<HeldBlocks>(bytes);
}

std::optional<MemoryReport> decode_memory_report(std::span<const std::byte> bytes) {
  return unpack<MemoryReport>(bytes);
}

}  // namespace manta::detail
