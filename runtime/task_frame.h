// What a thread that runs a call knows about it: behind this_task(), this_actor(), errors and logs.
#pragma once
#include <string>

#include <manta/base/id.h>
#include <manta/runtime/wire/lane_messages.h>

namespace manta::detail {

struct TaskFrame {
  TaskId id;
  std::string name;
  int attempt = 1;
  double cpus = 0;

  static const TaskFrame* current();  // of this thread, or null

  // From its construction to its destruction, this thread runs the call.
  class Scope {
   public:
    Scope(const CallFrame& call, const std::string& name);
    ~Scope();
    Scope(const Scope&) = delete;

   private:
    const TaskFrame* outer_;
  };
};

}  // namespace manta::detail
