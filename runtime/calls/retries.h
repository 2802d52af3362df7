// Whether a task that failed is tried again, which its options decide: after a crash of its worker max_retries times,
// but not if it crashes twice in one place; and with retry_exceptions as often after an exception of its own. Both
// count together.
//
// A call that is tried again has one attempt more, and keeps its arguments.
// Threads: whoever has the call.
#pragma once
#include <optional>
#include <vector>

#include "../launch/entry.h"
#include "../wire/death_report.h"
#include "call.h"

namespace manta::detail {

// The worker died that ran the call. Gives what the call fails with; nothing: it is tried again, and the user was told.
std::optional<Value> error_after_crash(Call& call, const DeathReport& death,
                                       const Attachment& attachment);

// Whether a call that has these results is tried again. If not, an error among them says how often it was.
bool is_tried_again(Call& call, std::vector<Value>& results);

}  // namespace manta::detail
