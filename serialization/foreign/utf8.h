// Texts as UTF-8, which is what Python's texts are made of.
//
// Threads: any.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "../../base/build_settings.h"

namespace manta::serialization {

// A text of UTF-16 (`width` 2), of UTF-32 (4) or of ASCII (1). What is no character becomes U+FFFD.
std::string to_utf8(std::span<const std::byte> bytes, std::size_t width);

// Whether the bytes are valid: no overlong form, no surrogate, nothing beyond U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace manta::serialization
