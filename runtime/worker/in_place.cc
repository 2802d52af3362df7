#include "in_place.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <pthread.h>

#include "../calls/retries.h"
#include "../process/process.h"
#include "executor.h"
#include "run_user_code.h"
#include "task_frame.h"

namespace manta::detail {
namespace {

// Levels beyond these give their memory back, so that a deep recursion does not leave megabytes behind.
constexpr std::size_t kLevelsKept = 64;
// A stack without a limit is used as if it had this size.
constexpr std::size_t kLargestStack = std::size_t{64} << 20;

// The address below which a thread should begin nothing new: the middle of its stack, which grows downwards.
std::uintptr_t middle_of_stack() {
  pthread_attr_t attributes;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return UINTPTR_MAX;
  void* low = nullptr;
  std::size_t size = 0;
  ::pthread_attr_getstack(&attributes, &low, &size);
  ::pthread_attr_destroy(&attributes);
  const std::uintptr_t top = reinterpret_cast<std::uintptr_t>(low) + size;
  return top - std::min(size, kLargestStack) / 2;
}

// An address on the stack. Not that of a variable: AddressSanitizer may keep variables elsewhere.
std::uintptr_t here() { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }

bool asks_for_no_more_than(const Call& call, const TaskFrame& running) {
  return call.site().is_plain() && call.site().options().cpus <= running.cpus;
}

}  // namespace

// In a local session: a generator may give another item to whoever reads them, or is to end.
class InPlace::RoomForItem final : public rpc::Progress::Waiter {
 public:
  RoomForItem(const WaitingThreads& threads, const RunningCall& generator,
              base::Ref<ItemStream> items)
      : threads_(threads), generator_(generator), items_(std::move(items)) {}
  bool satisfied() const override {
    return is_to_end() || generator_.may_give_another(items_->taken());
  }
  bool is_to_end() const {
    return threads_.session_over() || TaskFrame::asked_to_end(task_of(generator_.frame()));
  }

 private:
  const WaitingThreads& threads_;
  const RunningCall& generator_;
  const base::Ref<ItemStream> items_;
};

bool InPlace::stack_has_room() const {
  static thread_local const std::uintptr_t middle = middle_of_stack();
  return here() > middle;
}

bool InPlace::run_next(NeededCalls& needed, const std::function<bool(const Call&)>& worth_it) {
  const TaskFrame* const running = TaskFrame::current();
  if (running == nullptr || !stack_has_room()) return false;
  const Attachment& attachment = process_.attachment();
  // Another process would have another environment, and see no GPUs.
  if (!attachment.local && !(attachment.task_env.empty() && attachment.gpus.empty())) return false;
  const auto may_run = [&](const Call& call) {
    return call.actor() == nullptr && call.attempt == 1 && !call.site().deadline() &&
           call.items() == nullptr && worth_it(call) &&
           (attachment.local || asks_for_no_more_than(call, *running));
  };
  base::Ref<Call> taken;
  {
    const TablesLock lock(process_.tables());
    process_.run_commands();  // so that calls that were submitted just now are known
    if (const Call* call = needed.next(may_run)) {
      taken = process_.senders().tasks.take(*call);
      taken->run_in_place();
    }
  }
  if (!taken) return false;
  run(taken);
  return true;
}

void InPlace::run(const base::Ref<Call>& owned) {
  Call& call = *owned;
  if (depth_ == levels_.size()) levels_.push_back(std::make_unique<Level>(process_, turn_, *this));
  Level& level = *levels_[depth_++];
  running_.push_back(&call);
  level.frame.resize(call.frame_size());
  call.write_frame(level.frame.data(), level.frame.size(), 0, process_.store());
  output_.flush();  // what the waiting call has printed stays a line of its own
  output_.end_line(std::chrono::steady_clock::now());
  const auto ended =
      run_user_code(process_.ownership(), process_.node_id(), level.running, level.frame, nullptr);
  output_.flush();
  output_.end_line(ended);
  auto values = level.running.take_values();
  const std::uint32_t run_time = level.running.run_time();
  running_.pop_back();
  if (--depth_ >= kLevelsKept) levels_.pop_back();
  const bool local = process_.attachment().local;
  const bool again = is_tried_again(call, values);
  if (local && !again) call.let_go_of_arguments();  // its runner keeps it a little longer
  TablesLock lock(process_.tables());
  bool others_wait = local || again;
  call.each_result([&](ObjectEntryRef& entry) { others_wait |= entry->has_dependents(); });
  process_.senders().tasks.run_times().learn(call, run_time);
  if (again) {
    process_.senders().tasks.submit(owned);
  } else {
    process_.completion().complete_here(call, std::move(values));
  }
  if (others_wait || process_.waiting_threads().beside() != 0) lock.serve_afterwards();
}

// Of the innermost call, as its items come from its own stub.
bool InPlace::take_item(RunningCall& generator) {
  Call& call = *running_.back();
  RoomForItem room(process_.waiting_threads(), generator,
                   base::Ref<ItemStream>::retain(call.items()));
  auto values = generator.take_values();
  {
    TablesLock lock(process_.tables());
    lock.serve_afterwards();
    process_.completion().add_item(call, std::move(values.front()));
  }
  Executor::of_this_thread()->wait_until_taken(room);
  return !room.is_to_end();
}

}  // namespace manta::detail
