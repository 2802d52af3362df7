// The Senders of a process: that of its tasks and that of its actors' calls, where both are meant.
//
// Threads: the holder of the progress baton, under the tables lock.
#pragma once
#include "actor_sender.h"
#include "task_sender.h"

namespace manta::detail {

struct Senders {
  explicit Senders(CallerSide& caller) : tasks(caller), actors(caller) {}

  TaskSender tasks;
  ActorSender actors;

  bool poll() {  // true: something was completed
    const bool any = tasks.poll();
    return actors.poll() || any;
  }
  bool pending() const { return tasks.pending() || actors.pending(); }
  void flush() {  // sends what can be sent
    tasks.flush();
    actors.flush();
  }
  bool active() const { return tasks.active() || actors.active(); }
  const CallLane* lane_of(const Call& call) const {  // null: it is not in flight
    return call.actor() != nullptr ? actors.lane_of(call) : tasks.lane_of(call);
  }
  // Of a generator: how many of its items were taken, in all.
  void tell_taken(const Call& call, std::uint64_t count) const {
    if (const CallLane* const lane = lane_of(call)) lane->tell_taken(call, count);
  }
  template <class Visit>
  void each_call(Visit&& visit) const {  // queued or in flight
    tasks.each_call(visit);
    actors.each_call(visit);
  }
  bool on(const LaneDead& dead, const DeathReport& death) {  // false: the lane is unknown
    return tasks.on(dead, death) || actors.on(dead, death);
  }
  void fail_all(const Value& error) {
    tasks.fail_all(error);
    actors.fail_all(error);
  }
};

}  // namespace manta::detail
