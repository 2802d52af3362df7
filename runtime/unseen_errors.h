// An error that nobody ever looked at is logged once, with its task, when the last ref to it goes.
#pragma once
#include <manta/runtime/object_entry.h>

namespace manta::detail {

void log_unseen_error(const ObjectEntry& entry);  // nothing after the session has ended

}  // namespace manta::detail
