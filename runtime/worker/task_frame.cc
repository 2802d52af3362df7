#include "task_frame.h"

#include <algorithm>
#include <atomic>
#include <pthread.h>
#include <string_view>
#include <utility>
#include <vector>

#include "../../objectstore/read_only_fault.h"
#include "../../rpc/fence.h"
#include "../calls/needs.h"
#include "../ownership/ownership.h"

namespace manta::detail {
namespace {

// The frames of all threads that run calls, in the order in which these began; the last one runs now, or waits least.
// One thread runs calls in a worker, several in a local session. Under the lock.
struct Running {
  const TaskFrame* frame;
  ::pthread_t thread;
  bool asked_to_end = false;
  // Of what it had called when it was first asked with all that it had called.
  std::optional<std::uint64_t> called_until = std::nullopt;
};
std::vector<Running>& running = *new std::vector<Running>;
thread_local const TaskFrame* current_here = nullptr;

// Those that were asked to end before they began, the last few: between the lane and the first look lies the decoding.
constexpr std::size_t kAskedEarly = 64;
std::vector<TaskId>& asked_early = *new std::vector<TaskId>;
// How many frames are asked. So that whoever asks in a loop takes no lock as long as it is none. SYNC: none, of all
// accesses: it is changed under the lock, and a call that does not see yet that it was asked does so at its next look.
std::atomic<std::uint32_t> asked_count{0};

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

std::string name_of_running() {
  const auto frame = TaskFrame::of_process();
  return frame ? name_in_waits(frame->name) : "";
}

void TaskFrame::forget_calls_of_this_thread() {
  current_here = nullptr;
  objectstore::set_running_function({});
  const FrameLock lock;
  std::erase_if(running, [](const Running& item) {
    const bool here = ::pthread_equal(item.thread, ::pthread_self()) != 0;
    if (here && item.asked_to_end) asked_count.fetch_sub(1);
    return here;
  });
}

std::optional<NumberRange> TaskFrame::ask_to_end(const TaskId& task, bool nested,
                                                 const Ownership& ownership) {
  const FrameLock lock;
  const auto is_it = [&](const Running& item) { return item.frame->id == task; };
  const auto found = std::ranges::find_if(running, is_it);
  if (found == running.end()) {
    if (asked_early.size() == kAskedEarly) asked_early.erase(asked_early.begin());
    asked_early.push_back(task);
    return std::nullopt;
  }
  const std::uint64_t now = ownership.next_number();
  for (auto item = found; item != running.end() && (item == found || nested); ++item) {
    if (::pthread_equal(item->thread, found->thread) == 0) continue;
    if (nested && !item->called_until) item->called_until = now;
    if (item->asked_to_end) continue;
    item->asked_to_end = true;
    asked_count.fetch_add(1);
  }
  return NumberRange{found->frame->called_since, found->called_until.value_or(now)};
}

bool TaskFrame::asked_to_end(const TaskId& task) {
  if (asked_count.load() == 0) return false;
  const FrameLock lock;
  return std::ranges::any_of(
      running, [&](const Running& item) { return item.asked_to_end && item.frame->id == task; });
}

TaskFrame::Scope::Scope(const CallFrame& call, const std::string& name, std::uint64_t called_since)
    : frame_{.id = TaskId(call.task_hi, call.task_lo),
             .name = name,
             .attempt = call.attempt,
             .cpus = call.cpus,
             .gpus = call.gpus,
             .called_since = called_since},
      outer_(std::exchange(current_here, &frame_)) {
  objectstore::set_running_function(name);
  const FrameLock lock;
  const bool asked = !asked_early.empty() && std::erase(asked_early, frame_.id) != 0;
  if (asked) asked_count.fetch_add(1);
  running.push_back({&frame_, ::pthread_self(), asked});
  if (asked) running.back().called_until = called_since;
}

TaskFrame::Scope::~Scope() {
  current_here = outer_;
  objectstore::set_running_function(outer_ != nullptr ? outer_->name : std::string_view());
  const FrameLock lock;
  const auto found = std::ranges::find(running, &frame_, &Running::frame);
  if (found->asked_to_end) asked_count.fetch_sub(1);
  running.erase(found);
}

}  // namespace manta::detail
