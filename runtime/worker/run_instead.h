// What a thread does instead of waiting for objects, inside a task: it runs calls in place (in_place.h) that make them.
// RunInstead decides which ones are worth it.
//
// Without a deadline, and when all objects are needed: every one, at once: they must run anyway. Else only what keeps
// the promise of the wait: with a deadline, a call that is expected to end well before it (one that never ran here: if
// the deadline is far away); where some of the objects are enough, a short one, or, after a short wait, the oldest, if
// no call of this process is under way elsewhere that might be the first to end.
// Threads: confined to the executor's, but for has_more().
#pragma once
#include <cstdint>
#include <span>

#include "../../rpc/progress.h"
#include "../calls/needed_calls.h"

namespace manta::detail {

class Call;
class InPlace;
class Process;

class RunInstead {
 public:
  // Either all of `needed` or some of `enough` end the wait; the other is empty.
  RunInstead(InPlace& in_place, Process& process, std::span<ObjectEntry* const> needed,
             std::span<ObjectEntry* const> enough, rpc::Deadline deadline);

  enum class Patience { fresh, waited_shortly };
  bool run_one(Patience patience);  // false: there is nothing to run
  // Before it waits long: asks for calls back that have not begun where they were sent.
  void ask_for_calls_back();
  // Calls came back since run_one() found nothing. Any thread.
  bool has_more() const;

 private:
  bool worth_it(const Call& call, Patience patience) const;
  bool ends_in_time(const Call& call) const;

  InPlace& in_place_;
  Process& process_;
  const std::span<ObjectEntry* const> needed_;
  const bool some_are_enough_;
  const bool some_from_elsewhere_;
  const rpc::Deadline deadline_;
  NeededCalls calls_;
  std::uint64_t returned_;  // calls given back to this process, when we looked
};

}  // namespace manta::detail
