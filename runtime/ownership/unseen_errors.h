// An error that nobody ever looked at is told, with its task, when the last ref to it goes: the first of each cause in
// a line, the others in a count (see notices.h).
//
// Threads: any.
#pragma once
#include "notices.h"
#include "object_entry.h"

namespace manta::detail {

inline constexpr int kMostUnseenErrors = static_cast<int>(Notices::kMostCauses);

void log_unseen_error(const ObjectEntry& entry);  // nothing after the session has ended

}  // namespace manta::detail
