// An error that nobody ever looked at is logged once, with its task, when the last ref to it goes. In the
// driver the first kMostUnseenErrors of a session are, and the number of the rest at its end.
//
// Threads: any.
#pragma once
#include <manta/runtime/object_entry.h>

namespace manta::detail {

inline constexpr int kMostUnseenErrors = 20;

void log_unseen_error(const ObjectEntry& entry);  // nothing after the session has ended
void log_rest_of_unseen_errors();                 // at the session's end

}  // namespace manta::detail
