// Sizes as people write them, in variables of the environment:
//
//   300000000   300M   300MiB   300MB   1.5G   2 TiB
//
// K, M, G and T count in 1024, as those of dd, sort, systemd, docker and java do, and so do KiB, MiB, GiB and TiB (or
// Ki, ...); KB, MB, GB and TB count in 1000. Without a unit, or with B, the number is in bytes. Capital or small
// letters, and one space before the unit, make no difference. A fraction is cut to whole bytes.
//
// Threads: any. Errors: what is no such text, is negative, or is more than 64 bits can hold, gives nothing.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "../../base/build_settings.h"

namespace manta::detail {

// What parse_size() takes, for messages.
inline constexpr std::string_view kSizesAllowed =
    "a number of bytes, or a number with a unit: K, M, G, T or KiB, MiB, GiB, TiB (1024 each), KB, "
    "MB, GB, TB (1000 each), as in 300M or 1.5GiB";

std::optional<std::uint64_t> parse_size(std::string_view text);

// "1536 MiB" for what is a whole number of MiB, else "1000 bytes".
std::string size_text(std::uint64_t bytes);

}  // namespace manta::detail
