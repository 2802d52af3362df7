// The version of Manta that this library is: "0.1.0", as CMakeLists.txt has it. Threads: any.
#pragma once
#include "build_settings.h"

namespace manta::base {

const char* version();

}  // namespace manta::base
