// The tasks that an error went through, from the last back to its cause, as people read it:
//
//   "mean <- load"    "chain x 500"    "report <- (even <- odd) x 20 <- parse"
//
// A step, or a cycle of two or three steps, that repeats is counted.
#pragma once
#include <string>
#include <string_view>

#include "../../base/build_settings.h"

namespace manta::detail {

// `path` with one more step before it.
std::string with_step(std::string_view step, std::string_view path);

}  // namespace manta::detail
