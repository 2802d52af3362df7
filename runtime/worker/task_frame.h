// A TaskFrame is what a thread that runs a call knows about it: it is behind this_task(), this_actor(), errors and
// logs.
//
// A call that runs in place has a frame of its own, inside the frame of the call that waits for it. Threads that user
// code starts in a task know the innermost frame, as long as its call runs.
// Threads: see each function.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "../../base/id.h"
#include "../ownership/number_range.h"
#include "../wire/lane_messages.h"

namespace manta::detail {

class Ownership;

struct TaskFrame {
  TaskId id;
  std::string name;
  int attempt = 1;
  double cpus = 0;
  std::size_t gpus = 0;  // that the call sees
  // Ownership::next_number() when it began: what it calls comes later.
  std::uint64_t called_since = 0;

  // The frame of the call that the calling thread runs, or null.
  static const TaskFrame* current();
  // The same, or else that of the call that this process runs now. Any thread.
  static std::optional<TaskFrame> of_process();
  // Of a call that runs in this process, or has been taken out of its lane: it is asked to end, with `nested` those
  // that run in its place, too. Gives the numbers of what it has called; nothing if it is not known (yet). What it
  // calls after it was asked is how it cleans up: that is not in the range, however often it is asked. Any thread.
  static std::optional<NumberRange> ask_to_end(const TaskId& task, bool nested,
                                               const Ownership& ownership);
  static bool asked_to_end(const TaskId& task);
  // The calling thread has left its calls without ending them: they crashed (survive.h).
  static void forget_calls_of_this_thread();

  class Scope;
};

// Of the call that this process runs now, as WaitRecord::waiter; "" if there is none. Any thread.
std::string name_of_running();

// As long as a Scope lives, the thread that has made it runs the call.
class TaskFrame::Scope {
 public:
  Scope(const CallFrame& call, const std::string& name, std::uint64_t called_since);
  ~Scope();
  Scope(const Scope&) = delete;

 private:
  const TaskFrame frame_;
  const TaskFrame* const outer_;  // of the call of this thread that waits for this one
};

}  // namespace manta::detail
