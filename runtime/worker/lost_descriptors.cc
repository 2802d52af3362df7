#include "lost_descriptors.h"

#include <atomic>

#include "../../rpc/doorbell.h"
#include "../launch/give_up.h"
#include "task_frame.h"

namespace manta::detail {
namespace {

// SYNC: none: whoever sees an old value finds a descriptor closed at the process's end.
std::atomic<bool> watching = false;

void bell_is_lost() {
  const auto frame = TaskFrame::of_process();
  descriptors_are_lost(frame ? frame->name : "user code");
}

}  // namespace

void watch_for_lost_descriptors() {
  watching.store(true, std::memory_order_relaxed);
  rpc::when_event_bell_is_lost(bell_is_lost);
}

void stop_watching_for_lost_descriptors() {
  rpc::when_event_bell_is_lost(nullptr);
  watching.store(false, std::memory_order_relaxed);
}

void descriptors_are_lost(const std::string& who) {
  if (!watching.load(std::memory_order_relaxed) || !may_give_up()) return;
  give_up(who +
          ", or a call just before it, closed descriptors of the worker, which cannot run without "
          "them; close only what the task has opened");
}

}  // namespace manta::detail
