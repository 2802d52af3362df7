#include "run_user_code.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cxxabi.h>
#include <unistd.h>

#include "../code/names.h"
#include "../launch/give_up.h"
#include "../ownership/ownership.h"
#include "exceptions.h"
#include "task_frame.h"
#include "throw_stack.h"

namespace manta::detail {
namespace {

std::uint32_t saturated(std::chrono::nanoseconds time) {
  return static_cast<std::uint32_t>(std::min<std::int64_t>(time.count(), UINT32_MAX));
}

// MANTA_DEBUG_TASK=name: the worker stops before that task until a debugger continues it, which must not stop for the
// same signal once more (docs/guide/debugging.md).
void stop_for_debugger(const std::string& name) {
  static const char* const wanted = std::getenv("MANTA_DEBUG_TASK");
  if (wanted == nullptr || name != wanted) return;
  std::fprintf(
      stderr,
      "manta: task %s is about to begin; attach with: gdb -p %d (then: handle SIGSTOP nostop "
      "noprint nopass, break, continue)\n",
      name.c_str(), ::getpid());
  std::fflush(stderr);
  ::raise(SIGSTOP);
}

}  // namespace

void end_by_pthread_exit(const std::string& name) {
  const std::string reason =
      name +
      " called pthread_exit(), or was cancelled by pthread_cancel(), which ends the thread that " +
      "runs all calls of the process; let it return or throw";
  if (may_give_up()) give_up(reason);
  std::fprintf(stderr, "manta: %s\n", reason.c_str());
  std::abort();
}

// As to the attribute, see run_part.cc.
__attribute__((no_sanitize("null"))) std::chrono::steady_clock::time_point run_user_code(
    const Ownership& ownership, const NodeId& node, RunningCall& call,
    std::span<const std::byte> frame, void* instance) {
  const auto began = std::chrono::steady_clock::now();
  try {
    call.begin(frame, instance);
    const TaskFrame::Scope scope(call.frame(), display_name(call.frame(), call.name()),
                                 ownership.next_number());
    stop_for_debugger(TaskFrame::current()->name);
    try {
      call.run();
    } catch (const abi::__forced_unwind&) {
      end_by_pthread_exit(TaskFrame::current()->name);
    } catch (const ExitActor&) {
      call.fail(exit_actor_error());
    } catch (const EveryThrow&) {  // takes nothing, see throw_stack.h
    } catch (...) {
      call.fail(record_current_exception(node));
    }
  } catch (const std::exception& error) {
    call.fail(call_error(error));
  }
  call.end();
  const auto ended = std::chrono::steady_clock::now();
  call.set_run_time(saturated(ended - began));
  return ended;
}

}  // namespace manta::detail
