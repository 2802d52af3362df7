// The life of an actor in its worker: its constructor, and its end.
#include <cxxabi.h>
#include <exception>
#include <optional>
#include <utility>

#include "../process/process.h"
#include "../wire/actor_payload.h"
#include "exceptions.h"
#include "executor.h"
#include "run_user_code.h"
#include "task_frame.h"

namespace manta::detail {
namespace {

// What a destructor throws has nowhere to go: the process ends as C++ says, with the exception in its last lines.
void destroy(const Instance& instance, void* object) noexcept { instance.destroy(object); }

}  // namespace

// As to the attribute, see run_part.cc.
__attribute__((no_sanitize("null"))) void Executor::start_actor() {
  std::optional<ErrorRecord> error;
  try {
    running_.begin(constructor_, nullptr);
    const TaskFrame::Scope scope(running_.frame(), "the constructor of " + actor_type_,
                                 process_.ownership().next_number());
    try {
      running_.run();
      instance_ = running_.constructed();
      if (const ErrorRecord* failed = running_.failed_argument()) error = *failed;
    } catch (const abi::__forced_unwind&) {
      end_by_pthread_exit(TaskFrame::current()->name);
    } catch (const ExitActor&) {  // run() ends the actor
      return running_.end();
    } catch (...) {
      error = record_current_exception(process_.attachment().node);
    }
  } catch (const std::exception& broken) {
    error = call_error(broken);
  }
  output_.flush();
  if (error) {
    running_.end();
    process_.node().send(ActorFailed{.actor = actor_id_},
                         error_wire_within(*error, kMaxInlineValue));
    order(Order::kExit);
    return;
  }
  running_.end();
  constructor_.clear();
  process_.node().send(ActorAlive{.actor = actor_id_});
}

base::Ref<ActorEntry> Executor::self() {
  const TablesLock lock(process_.tables());
  auto entry = process_.ownership().adopt_actor(actor_id_, Arrival::kLent);
  // As long as this call runs, the caller's handle keeps the actor alive; afterwards this one does.
  process_.ownership().keep(*entry);
  return entry;
}

int Executor::finish_actor() {
  output_.end_all_lines();
  if (void* const object = std::exchange(instance_.object, nullptr)) {
    begin();
    destroy(instance_, object);
    end();
  }
  process_.node().send(ActorExiting{.actor = actor_id_});
  return 0;
}

}  // namespace manta::detail
