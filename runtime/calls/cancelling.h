// Cancelling ends calls of this process before their time: those that somebody cancels, those whose deadline is over,
// and what a cancelled call of this process has called.
//
//   waiting for arguments, queued --> dropped: failed here and now
//   in flight --CancelCall--> node --CallCancel--> callee: dropped, asked, or its worker ends itself
//        \--no end within a second, though it must--> CancelCall{kKill}: the node ends the worker
//   in place  --> asked; with force the worker ends, and the task that waits for it is tried again
//
// So that a call has exactly one end: one that was dropped has no reply but kDropped; one that is asked ends with its
// reply, or, if its worker dies, as cancelled. A call whose deadline is over has failed before anybody is asked.
// Threads: the holder of the progress baton, or another thread under the tables lock.
#pragma once
#include <cstdint>
#include <vector>

#include "../ownership/number_range.h"
#include "../wire/node_messages.h"
#include "call_timers.h"
#include "senders.h"

namespace manta::detail {

class Cancelling {
 public:
  struct How {
    CancelHow how = CancelHow::kAsk;
    bool recursive = true;
  };

  Cancelling(CallerSide& caller, Senders& senders) : caller_(caller), senders_(senders) {}

  // Of an object that is done, and of one that is no result of a call, nothing. Throws InvalidArgument for a call of an
  // actor that is to end by force.
  void cancel(ObjectEntry& entry, const How& how);
  // What this process has called by these numbers, and what has not ended.
  void cancel_called(const NumberRange& numbers, const How& how);
  // Of those in flight what it has called from the first of them on, by a process that is about to end: the others end
  // with it.
  void tell_called_since(std::uint64_t first, const How& how);
  void on(const ObjectCancel& wanted);  // from the node: the object is made here

  // Its deadline, when it is submitted. False: it is over already, and the call has failed.
  bool watch(Call& call);
  void look();  // in each poll: whose time has come

 private:
  static bool is_late(const Call& call);
  std::vector<base::Ref<Call>> called(const NumberRange& numbers);
  void end_call(Call& call, const How& how);
  void end_here(Call& call);
  void drop(Call& call, const Value& error);
  void send(const CallLane& lane, Call& call, const How& how);
  void deadline_over(Call& call);

  CallerSide& caller_;
  Senders& senders_;
};

}  // namespace manta::detail
