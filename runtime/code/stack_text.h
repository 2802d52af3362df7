// Stacks for people:
//
//   parse at jobs/read.cc:12 (in std::__throw_invalid_argument of libstdc++.so.6)
//   read_all at jobs/read.cc:40
//   ... 9 frames of manta
//
// The user's frames first: what they called is named behind the innermost. Frames of Manta, and of the system beside
// them, are counted only. A stack travels as places, and is made readable where somebody reads it: see addresses.h.
// Threads: any. Never fails.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "addresses.h"

namespace manta::detail {

// Lines "offset path" behind a mark that no text begins with.
std::string encode_stack(std::span<const CodePlace> places);
// What encode_stack made, as text for people; another text is as it is.
std::string readable_stack(const std::string& encoded);

std::string stack_text(std::span<const CodePlace> places);

}  // namespace manta::detail
