// What the senders of a process have in common: where lanes are, what is told of replies, and the process's other side.
//
// Threads: the holder of the progress baton, under the tables lock.
#pragma once
#include "../launch/entry.h"
#include "../wire/death_report.h"
#include "../wire/node_messages.h"
#include "call_lane.h"
#include "callee_side.h"
#include "completion.h"

namespace manta::detail {

class CallerSide {
 public:
  CallerSide(const Attachment& attachment, Ownership& ownership, Completion& completion,
             CallTimers& timers)
      : attachment_(attachment), ownership_(ownership), completion_(completion), timers_(timers) {}

  NodeLink& node() { return ownership_.node(); }
  Ownership& ownership() { return ownership_; }
  Completion& completion() { return completion_; }
  CallTimers& timers() { return timers_; }
  const Attachment& attachment() const { return attachment_; }

  CallLane lane_to(rpc::Slot callee, std::uint32_t lane) {
    return {ownership_.control(), ownership_.store(), lane, callee};
  }

  void set_callee(CalleeSide* callee) { callee_ = callee; }
  CalleeSide* callee() const { return callee_; }  // null in a driver, unless the session is local
  bool is_worker() const { return attachment_.slot != attachment_.driver; }
  bool runs_a_task() const { return callee_ != nullptr && callee_->runs_a_task(); }

  // An item of a generator has come on the lane.
  void take_item(const CallLane& lane, Call& call, const ReplyFrame& frame,
                 std::span<const std::byte> rest);
  // A caller's end; both ends of a lane of this process to itself.
  void close_lane(std::uint32_t lane, rpc::Slot callee);
  // Its callee died, and all that it answered was read: what it held for us in a reply that never came is taken back.
  void take_back_holds(const CallLane& lane, const LaneDead& dead);

 private:
  const Attachment& attachment_;
  Ownership& ownership_;
  Completion& completion_;
  CallTimers& timers_;
  CalleeSide* callee_ = nullptr;
};

}  // namespace manta::detail
