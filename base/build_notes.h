// Whether all parts of this process were compiled against the same standard library as libmanta: the
// notes that <manta/base/build_settings.h> leaves in every object file, read from all images that
// are loaded now. Values of the standard library pass between them, so a difference is a crash later.
// Threads: any.
#pragma once
#include <string>

#include "build_settings.h"

namespace manta::base {

// Empty if all parts have the same settings. Else it says which image differs, both settings, and what to do.
std::string build_difference();

}  // namespace manta::base
