#include <manta/objectstore/read_only_fault.h>
#include <manta/runtime/task_frame.h>

namespace manta::detail {
namespace {
thread_local TaskFrame frame_here;
thread_local const TaskFrame* current_here = nullptr;
}  // namespace

const TaskFrame* TaskFrame::current() { return current_here; }

TaskFrame::Scope::Scope(const CallFrame& call, const std::string& name) : outer_(current_here) {
  frame_here.id = TaskId(call.task_hi, call.task_lo);
  frame_here.name = name;
  frame_here.attempt = call.attempt;
  frame_here.cpus = call.cpus;
  current_here = &frame_here;
  objectstore::set_running_function(name);
}

TaskFrame::Scope::~Scope() {
  current_here = outer_;
  objectstore::set_running_function({});
}

}  // namespace manta::detail
