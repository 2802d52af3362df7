// What a thread that runs a call knows about it: behind this_task(), this_actor(), errors and logs.
//
// A call that runs in place has a frame of its own, inside the frame of the call that waits for it. Threads that user
// code starts in a task know the innermost one, as long as it runs.
#pragma once
#include <optional>
#include <string>

#include "../../base/id.h"
#include "../wire/lane_messages.h"

namespace manta::detail {

struct TaskFrame {
  TaskId id;
  std::string name;
  int attempt = 1;
  double cpus = 0;

  static const TaskFrame* current();  // of this thread, or null
  // Of this thread, else of the call that this process runs now. Any thread.
  static std::optional<TaskFrame> of_process();

  class Scope;
};

// From its construction to its destruction, this thread runs the call.
class TaskFrame::Scope {
 public:
  Scope(const CallFrame& call, const std::string& name);
  ~Scope();
  Scope(const Scope&) = delete;

 private:
  std::optional<TaskFrame> outer_;  // of the call that waits for this one
};

}  // namespace manta::detail
