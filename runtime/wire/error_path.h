// The tasks that an error went through, from the last one back to its cause, in the form that people read:
//
//   "mean <- load"    "chain x 500"    "report <- (even <- odd) x 20 <- parse"
//
// A step that repeats is counted, and so is a cycle of two or three steps.
//
// Threads: any. Errors: none; a text that is no path is one step.
#pragma once
#include <string>
#include <string_view>

#include "../../base/build_settings.h"

namespace manta::detail {

// `path` with one more step before it.
std::string with_step(std::string_view step, std::string_view path);

}  // namespace manta::detail
