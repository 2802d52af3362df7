#include "notice.h"

#include <cstring>

namespace manta::detail {
namespace {

struct NoticeHead {
  std::uint64_t cause = 0;
  std::uint64_t count = 0;
  Notice::Kind kind = {};
  std::uint32_t passed_on = 0;
  std::uint32_t subject_size = 0;
  std::uint32_t text_size = 0;
};

}  // namespace

std::vector<std::byte> encode(const Notice& notice) {
  const NoticeHead head{.cause = notice.cause,
                        .count = notice.count,
                        .kind = notice.kind,
                        .passed_on = notice.passed_on ? 1U : 0U,
                        .subject_size = static_cast<std::uint32_t>(notice.subject.size()),
                        .text_size = static_cast<std::uint32_t>(notice.text.size())};
  std::vector<std::byte> bytes(sizeof head + notice.subject.size() + notice.text.size());
  std::memcpy(bytes.data(), &head, sizeof head);
  std::memcpy(bytes.data() + sizeof head, notice.subject.data(), notice.subject.size());
  std::memcpy(bytes.data() + sizeof head + notice.subject.size(), notice.text.data(),
              notice.text.size());
  return bytes;
}

std::optional<Notice> decode_notice(std::span<const std::byte> bytes) {
  NoticeHead head;
  if (bytes.size() < sizeof head) return std::nullopt;
  std::memcpy(&head, bytes.data(), sizeof head);
  bytes = bytes.subspan(sizeof head);
  if (std::size_t{head.subject_size} + head.text_size != bytes.size() ||
      head.kind > Notice::Kind::crash || head.count == 0)
    return std::nullopt;
  const char* const text = reinterpret_cast<const char*>(bytes.data());
  return Notice{.kind = head.kind,
                .cause = head.cause,
                .passed_on = head.passed_on != 0,
                .count = head.count,
                .subject = std::string(text, head.subject_size),
                .text = std::string(text + head.subject_size, head.text_size)};
}

}  // namespace manta::detail
