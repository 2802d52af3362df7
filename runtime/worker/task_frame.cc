#include "task_frame.h"

#include <algorithm>
#include <atomic>
#include <pthread.h>
#include <string_view>
#include <utility>
#include <vector>

#include "../../objectstore/read_only_fault.h"
#include "../../rpc/fence.h"

namespace manta::detail {
namespace {

// The frames of all threads that run calls, in the order in which these began; the last one runs now, or waits least.
// One thread runs calls in a worker, several in a local session. Under the lock.
struct Running {
  const TaskFrame* frame;
  ::pthread_t thread;
};
std::vector<Running>& running = *new std::vector<Running>;
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
  if (running.empty()) return std::nullopt;
  return *running.back().frame;
}

void TaskFrame::forget_calls_of_this_thread() {
  current_here = nullptr;
  objectstore::set_running_function({});
  const FrameLock lock;
  std::erase_if(running, [](const Running& item) {
    return ::pthread_equal(item.thread, ::pthread_self()) != 0;
  });
}

TaskFrame::Scope::Scope(const CallFrame& call, const std::string& name)
    : frame_{.id = TaskId(call.task_hi, call.task_lo),
             .name = name,
             .attempt = call.attempt,
             .cpus = call.cpus,
             .gpus = call.gpus},
      outer_(std::exchange(current_here, &frame_)) {
  objectstore::set_running_function(name);
  const FrameLock lock;
  running.push_back({&frame_, ::pthread_self()});
}

TaskFrame::Scope::~Scope() {
  current_here = outer_;
  objectstore::set_running_function(outer_ != nullptr ? outer_->name : std::string_view());
  const FrameLock lock;
  running.erase(std::ranges::find(running, &frame_, &Running::frame));
}

}  // namespace manta::detail
