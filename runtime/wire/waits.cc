#include "waits.h"

#include "payload.h"

namespace manta::detail {

std::vector<std::byte> encode(const WaitRecord& record) { return pack(record); }
std::vector<std::byte> encode(const std::vector<Need>& needs) { return pack(needs); }
std::vector<std::byte> encode(const WhyStep& step) { return pack(step); }

std::optional<WaitRecord> decode_wait(std::span<const std::byte> bytes) {
  return unpack<WaitRecord>(bytes);
}
std::optional<std::vector<Need>> decode_needs(std::span<const std::byte> bytes) {
  return unpack<std::vector<Need>>(bytes);
}
std::optional<WhyStep> decode_why(std::span<const std::byte> bytes) {
  return unpack<WhyStep>(bytes);
}

}  // namespace manta::detail
