// A notice on its way to the driver: see notices.h.
//
// Threads: values.
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
  enum class Kind : std::uint32_t { unseen_error, crash };
  Kind kind = Kind::unseen_error;
  std::uint64_t cause = 0;   // of equal ones: the error, or the piece of code
  bool passed_on = false;    // an error that another call has caused: no line, if that was told
  std::uint64_t count = 1;   // of how many
  std::string subject = {};  // the function
  std::string text = {};     // the whole line, without its end; empty: they have several causes
};

std::vector<std::byte> encode(const Notice& notice);
std::optional<Notice> decode_notice(std::span<const std::byte> bytes);

}  // namespace manta::detail
