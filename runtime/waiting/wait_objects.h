// How user threads wait for objects: what is behind get(), wait(), as_completed() and wait_with_progress().
//
// Errors:  InvalidArgument if the session is shut down meanwhile; DeadlockDetected if the wait is for itself.
// Threads: any user thread. Inside a task, a thread that waits lends the CPU of the task (lend_cpu.h).
#pragma once
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "../../base/timeout.h"
#include "../calls/completion_watch.h"
#include "../ownership/object_entry.h"

namespace manta::detail {

// The entries of refs that the caller keeps while it waits, so that they need not be counted.
using Entries = std::span<ObjectEntry* const>;

// None: the wait has no limit.
using Deadline = std::optional<std::chrono::steady_clock::time_point>;
Deadline deadline_of(const Timeout& timeout);

// Waits until the object is done. Gives false if the deadline is over.
bool wait_done(ObjectEntry& entry, const Deadline& deadline);

// Waits until all objects are done, or one has failed, whose error it does not throw. Gives false if the deadline is
// over.
bool wait_all_or_failure(Entries entries, const Deadline& deadline);

// A CompletionWait waits for many objects together, or for one after the other in the order in which they become done.
// The objects are looked at once, and each step costs the same, however many they are.
class CompletionWait {
 public:
  // `what` is the name of the user's call, for errors. The caller keeps the entries alive while they are pending.
  CompletionWait(const char* what, Entries entries);

  // Waits until `count` of them are done. Gives false if the deadline is over.
  bool wait_for(std::size_t count, const Deadline& deadline);
  const CompletionWatch& done() const { return watch_; }

 private:
  const char* const what_;
  const Entries entries_;
  CompletionWatch watch_;
};

// Throws the error of the first entry that has failed, and says its index. All errors of the entries count as looked
// at.
void throw_if_failed(Entries entries);

// Throws the error of an entry that has failed.
[[noreturn]] void throw_failed(const ObjectEntry& entry);
// Throws the SerializationError that is being handled again, with the index of the value that could not be read.
[[noreturn]] void rethrow_at(std::size_t index, std::size_t refs);
// Throws GetTimeout, which says how many entries are not ready, and what the first of them waits for. Entries may be
// null: those are not counted.
[[noreturn]] void throw_timeout(const char* what, Entries entries, const Timeout& timeout);

}  // namespace manta::detail
