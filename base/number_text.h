// A number as people write it: 1, 0.5, 1e+20. For messages.
#pragma once
#include <charconv>
#include <string>

#include "build_settings.h"

namespace manta::base {

inline std::string number_text(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

}  // namespace manta::base
