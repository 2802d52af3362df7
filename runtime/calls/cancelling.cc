// First those that ask (a user, the node, a call that ends), then end_call() and the ways that a call can end by its
// state; at the end deadlines, which end calls by the same ways.
#include "cancelling.h"

#include <chrono>
#include <csignal>
#include <string>
#include <unistd.h>
#include <unordered_set>

#include "../../base/error.h"
#include "call.h"
#include "cancelled_error.h"

namespace manta::detail {
namespace {

constexpr std::chrono::seconds kPatience(1);  // with a worker that was told to end itself

TaskId task_of(const Call& call) { return task_of(call.frame()); }

Cancelling::How how_of(const ObjectCancel& wanted) {
  return {.how = wanted.how, .recursive = wanted.recursive != 0};
}

std::string seconds_text(std::chrono::nanoseconds time) {
  std::string text = std::to_string(std::chrono::duration<double>(time).count());
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text + " s";
}

const char* state_of(const Call& call, const CallLane* lane) {
  if (call.missing() != 0) return "it waited for its arguments";
  if (call.state() == CallState::kResting) return "it waited to be tried again";
  if (lane == nullptr) {
    return call.state() == CallState::kInPlace ? "it was running" : "it waited to be sent";
  }
  return lane->has_begun(call) ? "it was running" : "it waited for its turn";
}

Value late_error(const Call& call, const CallLane* lane) {
  const std::string function = call.display_name();
  std::string text = function + " did not end within its deadline of " +
                     seconds_text(call.site().deadline()->value()) + ": " + state_of(call, lane);
  if (call.actor() == nullptr && lane != nullptr && lane->has_begun(call)) {
    text += ", in process " + std::to_string(lane->callee_pid()) + ", which is ended";
  }
  return value_of(error_of(ErrorKind::kDeadlineExceeded, text, function));
}

}  // namespace

void Cancelling::cancel(ObjectEntry& entry, const How& how) {
  if (entry.done()) return;
  if (entry.from_elsewhere()) {
    return caller_.node().send(
        CancelObject{.object = entry.id(), .how = how.how, .recursive = how.recursive ? 1U : 0U});
  }
  Call* const call = entry.producer();
  if (call == nullptr) return;
  if (call->actor() != nullptr && how.how != CancelHow::kAsk) {
    throw InvalidArgument("manta::cancel() with force of " + call->display_name() +
                          ", a call of an actor: an actor ends with its process only, by "
                          "handle.kill(); without force the call is dropped or asked to end");
  }
  end_call(*base::Ref<Call>::retain(call), how);
}

void Cancelling::on(const ObjectCancel& wanted) {
  const auto entry = caller_.ownership().objects().find(wanted.object);
  if (!entry) return;
  How how = how_of(wanted);
  const Call* const call = entry->producer();
  // Whoever has sent it could not know.
  if (call != nullptr && call->actor() != nullptr) how.how = CancelHow::kAsk;
  cancel(*entry, how);
}

// Those that wait for arguments are found from what they wait for: a call that is queued or in flight, or an object of
// another process.
std::vector<base::Ref<Call>> Cancelling::called(const NumberRange& numbers) {
  std::vector<Call*> all;
  std::unordered_set<const Call*> seen;
  const auto add = [&](Call& call) {
    if (seen.insert(&call).second) all.push_back(&call);
  };
  const auto add_waiting = [&](ObjectEntry& entry) {
    entry.each_waiting_argument([&](Command& command) { add(static_cast<Call&>(command)); });
  };
  senders_.each_call(add);
  for (const auto& entry : caller_.ownership().objects().all()) add_waiting(*entry);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i]->each_result([&](const ObjectEntryRef& result) { add_waiting(*result); });
  }
  std::vector<base::Ref<Call>> found;
  for (Call* const call : all) {
    if (caller_.ownership().made_in(task_of(*call), numbers)) {
      found.push_back(base::Ref<Call>::retain(call));
    }
  }
  return found;
}

// In a local session all calls are made by one process, which does not know which call has made which: so there is
// nothing to pass on.
void Cancelling::cancel_called(const NumberRange& numbers, const How& how) {
  if (caller_.attachment().local) return;
  for (const auto& call : called(numbers)) {
    How one = how;
    if (call->actor() != nullptr) one.how = CancelHow::kAsk;
    end_call(*call, one);
  }
}

void Cancelling::tell_called_since(std::uint64_t first, const How& how) {
  senders_.each_call([&](Call& call) {
    const CallLane* const lane = senders_.lane_of(call);
    if (lane == nullptr || !caller_.ownership().made_in(task_of(call), {.first = first})) return;
    send(*lane, call, call.actor() == nullptr ? how : How{});
  });
}

void Cancelling::end_call(Call& call, const How& how) {
  if (call.abandoned()) return;
  call.cancelled = true;
  if (call.state() == CallState::kInPlace) {
    if (how.how != CancelHow::kAsk && caller_.is_worker()) ::kill(::getpid(), SIGKILL);
    if (caller_.callee() == nullptr) return;
    const auto numbers = caller_.callee()->ask_to_end(task_of(call), how.recursive);
    if (numbers && how.recursive) cancel_called(*numbers, how);
    return;
  }
  if (call.state() != CallState::kInFlight) return end_here(call);
  if (const CallLane* const lane = senders_.lane_of(call)) {
    send(*lane, call, how);
  } else {
    end_here(call);  // it was in flight to an actor whose process has died
  }
}

void Cancelling::end_here(Call& call) {
  drop(call, cancelled_error(
                 call, call.missing() != 0 ? "it waited for its arguments" : "it had not begun"));
}

// Of one that is not in flight.
void Cancelling::drop(Call& call, const Value& error) {
  if (call.actor() != nullptr) return senders_.actors.drop(call, error);
  base::Ref<Call> owned;  // by its queue until now
  if (call.state() == CallState::kQueued) {
    owned = senders_.tasks.take(call);
  } else if (call.state() == CallState::kResting) {
    owned = senders_.tasks.take_resting(call);
  } else {
    call.abandon();
  }
  caller_.completion().fail(call, error);
}

void Cancelling::send(const CallLane& lane, Call& call, const How& how) {
  caller_.node().send(CancelCall{.sequence = lane.sequence_of(call),
                                 .task = task_of(call),
                                 .lane = lane.index(),
                                 .how = how.how,
                                 .recursive = how.recursive ? 1U : 0U});
  if (how.how == CancelHow::kAsk) return;
  call.extras().forced = true;
  call.extras().set_time(caller_.timers(), call, std::chrono::steady_clock::now() + kPatience);
}

// ---------------------------------------------------------------- time

bool Cancelling::is_late(const Call& call) {
  const auto* extras = call.extras_or_null();
  return extras != nullptr && extras->deadline &&
         *extras->deadline <= std::chrono::steady_clock::now();
}

bool Cancelling::watch(Call& call) {
  const auto* extras = call.extras_or_null();
  if (extras == nullptr || !extras->deadline) return true;
  if (is_late(call)) {
    caller_.completion().fail(call, late_error(call, nullptr));
    return false;
  }
  call.extras().set_time(caller_.timers(), call, *extras->deadline);
  return true;
}

void Cancelling::look() {
  for (const auto& call : caller_.timers().take_due()) {
    call->extras().time_has_come();
    if (call->extras().forced) {
      if (const CallLane* const lane = senders_.lane_of(*call)) {
        send(*lane, *call, {.how = CancelHow::kKill});
      }
    } else if (call->state() == CallState::kResting && !is_late(*call)) {
      if (watch(*call)) senders_.tasks.submit(senders_.tasks.take_resting(*call));
    } else {
      deadline_over(*call);
    }
  }
}

void Cancelling::deadline_over(Call& call) {
  if (call.abandoned() || call.done()) return;
  const Value error = late_error(call, senders_.lane_of(call));
  if (call.state() != CallState::kInFlight && call.state() != CallState::kInPlace) {
    return drop(call, error);
  }
  caller_.completion().fail(call, error);
  const bool only_asked = call.actor() != nullptr || caller_.attachment().local;
  end_call(call, {.how = only_asked ? CancelHow::kAsk : CancelHow::kForce});
}

}  // namespace manta::detail
