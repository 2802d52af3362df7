#include "notice.h"

#include "payload.h"

namespace manta::detail {

std::vector<std::byte> encode(const Notice& notice) { return pack(notice); }

std::optional<Notice> decode_notice(std::span<const std::byte> bytes) {
  auto notice = unpack<Notice>(bytes);
  if (!notice || notice->kind > Notice::Kind::kMissedResult || notice->count == 0) {
    return std::nullopt;
  }
  return notice;
}

}  // namespace manta::detail
