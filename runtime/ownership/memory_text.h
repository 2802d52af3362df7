// An object in the store as messages show it, with what holds it. Threads: any. Errors: none.
#pragma once
#include <string>

#include "../wire/memory_report.h"

namespace manta::detail {

// `4096 bytes, object 3f..., "weights", made at main at main.cc:7: driver (pid 12): ref, array`, as far as it is known.
std::string text_of(const MemoryObject& object);

}  // namespace manta::detail
