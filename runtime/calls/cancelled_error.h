// What a call holds that was cancelled.
//
// Threads: any.
#pragma once
#include "call.h"

namespace manta::detail {

Value cancelled_error(const Call& call, const char* how_it_ended);

}  // namespace manta::detail
