// Stacks for people:
//
//   parse at jobs/read.cc:12 (in std::__throw_invalid_argument of libstdc++.so.6)
//   read_all at jobs/read.cc:40
//   ... 9 frames of manta
//
// The user's frames come first; what the innermost of them called is named behind it. Frames of Manta, and those of the
// system beside them, are only counted. A stack travels as places in files, and becomes text where somebody reads it
// (addresses.h).
// Threads: any. Errors: none.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "addresses.h"

namespace manta::detail {

// Lines "offset path" behind a mark with which no text begins.
std::string encode_stack(std::span<const CodePlace> places);
// The text for people of what encode_stack() has made; any other text is returned unchanged.
std::string readable_stack(const std::string& encoded);

std::string stack_text(std::span<const CodePlace> places);

}  // namespace manta::detail
