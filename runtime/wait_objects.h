// How user threads wait for objects: behind get(), wait() and wait_with_progress().
//
// Threads: any user thread; inside a task a thread that waits lends its cpu (Executor::Blocked).
#pragma once
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <manta/base/timeout.h>
#include <manta/runtime/object_entry.h>

namespace manta::detail {

// Those of refs that the caller keeps while it waits: nothing is counted.
using Entries = std::span<ObjectEntry* const>;

using Deadline = std::optional<std::chrono::steady_clock::time_point>;
Deadline deadline_of(const Timeout& timeout);

// Waits until the object is done; false: the deadline is over.
bool wait_done(ObjectEntry& entry, const Deadline& deadline);

// Waits until all are done, or one has failed. False: the deadline is over. Throws nothing else.
bool wait_all_or_failure(Entries entries, const Deadline& deadline);

// Waits until `count` of them are done, or the deadline is over.
void wait_some(Entries entries, std::size_t count, const Deadline& deadline);

// Throws the error of the lowest index among those already failed, which then all count as looked at.
void throw_if_failed(Entries entries);

[[noreturn]] void throw_failed(const ObjectEntry& entry);
[[noreturn]] void throw_timeout(Entries entries, const Timeout& timeout);

}  // namespace manta::detail
