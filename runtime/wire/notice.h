// A notice on its way to the driver, which prints it: see ownership/notices.h.
//
// Threads: values. Errors: what cannot be decoded is nothing.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../../base/build_settings.h"

namespace manta::detail {

struct Notice {
  enum class Kind : std::uint32_t { kUnseenError, kCrash, kMissedResult };
  Kind kind = Kind::kUnseenError;
  // Notices of errors that are told as one, or of the same piece of code, have the same number here.
  std::uint64_t cause = 0;
  std::uint64_t count = 1;   // how many it stands for
  std::string subject = {};  // the function
  std::string text = {};  // the whole line, without its end; empty if it stands for several causes
};

std::vector<std::byte> encode(const Notice& notice);
std::optional<Notice> decode_notice(std::span<const std::byte> bytes);

}  // namespace manta::detail
