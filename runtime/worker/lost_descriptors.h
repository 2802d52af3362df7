// User code may close what is not its own, by close_range() or in a loop over all numbers. A worker without its
// descriptors can neither wake its node nor ask its pipes; it gives up when it finds that out: at the latest when it
// looks whether a call has printed (call_output.h), which it does after each call before it becomes idle.
//
// Threads: any. Errors: none.
#pragma once
#include <string>

#include "../../base/build_settings.h"

namespace manta::detail {

// From now on, in a worker: when it cannot wake its node, it gives up.
void watch_for_lost_descriptors();
// The process ends: what is closed is closed.
void stop_watching_for_lost_descriptors();

// One of the worker's descriptors was found closed. `who` has run last. Returns if the process is no worker, or ends
// already.
void descriptors_are_lost(const std::string& who);

}  // namespace manta::detail
