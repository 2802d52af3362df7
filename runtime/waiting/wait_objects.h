// How user threads wait for objects: behind get(), wait(), as_completed() and wait_with_progress().
//
// Threads: any user thread; inside a task a thread that waits lends its cpu (Executor::Blocked).
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

// Those of refs that the caller keeps while it waits: nothing is counted.
using Entries = std::span<ObjectEntry* const>;

using Deadline = std::optional<std::chrono::steady_clock::time_point>;
Deadline deadline_of(const Timeout& timeout);

// Waits until the object is done; false: the deadline is over.
bool wait_done(ObjectEntry& entry, const Deadline& deadline);

// Waits until all are done, or one has failed. False: the deadline is over. Throws nothing else.
bool wait_all_or_failure(Entries entries, const Deadline& deadline);

// Waits for many objects together, or for one after the other in the order in which they become done: they are counted
// once, and each step costs the same however many there are.
class CompletionWait {
 public:
  // `what` is the name of the call, for errors. The caller keeps the entries alive while they are pending.
  CompletionWait(const char* what, Entries entries);

  // Until `count` of them are done; false: the deadline is over.
  bool wait_for(std::size_t count, const Deadline& deadline);
  const CompletionWatch& done() const { return watch_; }

 private:
  const char* const what_;
  const Entries entries_;
  CompletionWatch watch_;
};

// Throws the error of the lowest index among those already failed, naming it; all those failed then count as looked at.
void throw_if_failed(Entries entries);

[[noreturn]] void throw_failed(const ObjectEntry& entry);
// The SerializationError that is being handled, of reading the value of the index.
[[noreturn]] void rethrow_at(std::size_t index, std::size_t refs);
// Null entries are not counted.
[[noreturn]] void throw_timeout(const char* what, Entries entries, const Timeout& timeout);

}  // namespace manta::detail
