// What a worker writes into its output pipes between two calls, if the first of them may have left a line unfinished.
// The node takes it out and ends the line. It is short enough for a pipe to take it in one piece.
#pragma once
#include <string_view>

#include "../../base/build_settings.h"

namespace manta::detail {

using namespace std::string_view_literals;
inline constexpr std::string_view kEndOfCall = "\0\x1d(manta: end of call)\x1d\0"sv;

}  // namespace manta::detail
