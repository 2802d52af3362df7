// What a thread inside a task does instead of waiting for objects: it runs calls in place that make them (in_place.h).
// A RunInstead decides which calls are worth it.
//
// If all objects are needed and there is no deadline, every call is, and at once, since all must run anyway. Else only
// those that keep the promise of the wait. With a deadline: if it is far away, a call that usually ends well before it,
// or one whose code has never run here. Where some of the objects are enough: a short call; and after a short wait the
// oldest, if no call of this process is under way elsewhere that might be the first to end.
// Threads: confined to the executor's, except has_more().
#pragma once
#include <cstdint>
#include <span>

#include "../../rpc/progress.h"
#include "../calls/needed_calls.h"

namespace manta::detail {

class Call;
class InPlace;
struct Senders;
class Tables;

class RunInstead {
 public:
  // Either all of `needed` end the wait, or some of `enough`; the other is empty.
  RunInstead(InPlace& in_place, Senders& senders, std::span<ObjectEntry* const> needed,
             std::span<ObjectEntry* const> enough, rpc::Deadline deadline);

  enum class Patience { kFresh, kWaitedShortly };
  // Gives false if there is nothing to run.
  bool run_one(Patience patience);
  // Before a long wait: asks other workers for calls that they have not begun.
  void ask_for_calls_back(Tables& tables);
  // Whether calls have come back since run_one() found nothing. Any thread.
  bool has_more() const;

 private:
  bool worth_it(const Call& call, Patience patience) const;
  bool ends_in_time(const Call& call) const;

  InPlace& in_place_;
  Senders& senders_;
  const std::span<ObjectEntry* const> needed_;
  const bool some_are_enough_;
  const bool some_from_elsewhere_;
  const rpc::Deadline deadline_;
  NeededCalls calls_;
  std::uint64_t returned_;  // how many calls had come back to this process at the last look
};

}  // namespace manta::detail
