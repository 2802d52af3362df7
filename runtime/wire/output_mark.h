// What a worker writes into its output pipes, between two of its calls, when the first may have left a line unfinished
// there: the node takes it out, and ends the line. Short enough for a pipe to take in one piece.
#pragma once
#include <string_view>

#include "../../base/build_settings.h"

namespace manta::detail {

using namespace std::string_view_literals;
inline constexpr std::string_view kEndOfCall = "\0\x1d(manta: end of call)\x1d\0"sv;

}  // namespace manta::detail
