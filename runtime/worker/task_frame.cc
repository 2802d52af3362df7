#include "task_frame.h"

#include <atomic>
#include <pthread.h>
#include <utility>

#include "../../objectstore/read_only_fault.h"
#include "../../rpc/fence.h"

namespace manta::detail {
namespace {

// The frame of the one thread of a process that runs calls. Other threads read it under the lock.
TaskFrame& frame_of_process = *new TaskFrame;
bool runs_a_call = false;
thread_local const TaskFrame* current_here = nullptr;

// Held for some dozen instructions, at the beginning and at the end of each call.
std::atomic_flag frame_lock = ATOMIC_FLAG_INIT;

void lock_frame() {
  // SYNC: acquire: the frame as the last holder has left it.
  while (frame_lock.test_and_set(std::memory_order_acquire)) rpc::cpu_pause();
}
// SYNC: release: the frame.
void unlock_frame() { frame_lock.clear(std::memory_order_release); }

// So that a forked child has a whole frame, and nobody holds the lock there.
[[maybe_unused]] const int fork_handlers = ::pthread_atfork(lock_frame, unlock_frame, unlock_frame);

class FrameLock {
 public:
  FrameLock() { lock_frame(); }
  ~FrameLock() { unlock_frame(); }
  FrameLock(const FrameLock&) = delete;
};

}  // namespace

const TaskFrame* TaskFrame::current() { return current_here; }

std::optional<TaskFrame> TaskFrame::of_process() {
  const FrameLock lock;
  if (!runs_a_call) return std::nullopt;
  return frame_of_process;
}

TaskFrame::Scope::Scope(const CallFrame& call, const std::string& name) {
  const FrameLock lock;
  if (runs_a_call) outer_ = std::exchange(frame_of_process, {});
  frame_of_process.id = TaskId(call.task_hi, call.task_lo);
  frame_of_process.name = name;
  frame_of_process.attempt = call.attempt;
  frame_of_process.cpus = call.cpus;
  runs_a_call = true;
  current_here = &frame_of_process;
  objectstore::set_running_function(name);
}

TaskFrame::Scope::~Scope() {
  const FrameLock lock;
  if (outer_) {
    frame_of_process = *std::move(outer_);
    objectstore::set_running_function(frame_of_process.name);
    return;
  }
  runs_a_call = false;
  current_here = nullptr;
  objectstore::set_running_function({});
}

}  // namespace manta::detail
