// The node's work with lanes. It names both ends in the lane's header, tells the callee, and takes the lane back when
// both ends have closed it or died. It knows what the last reply of each lane gave, in case that reply is missing.
// Threads: confined. Errors: open() gives nothing when all lanes are in use.
#pragma once
#include <cstddef>
#include <optional>
#include <span>

#include "lane_table.h"
#include "peers.h"
#include "reply_holds.h"

namespace manta::detail::node {

class Lanes {
 public:
  Lanes(rpc::Control& control, Peers& peers)
      : control_(control), peers_(peers), table_(rpc::kMaxLanes) {}

  std::optional<std::uint32_t> open(rpc::Slot caller, rpc::Slot callee, LaneKind kind,
                                    ActorId actor = {});
  const LaneRecord* find(std::uint32_t lane) const;
  // Tells the other end, if it has not closed it yet.
  void close(std::uint32_t lane, rpc::Slot end);
  // `death`: an encoded DeathReport, for the other ends.
  void process_died(rpc::Slot slot, std::span<const std::byte> death);
  // A hold, done, that belongs to a reply to `caller`.
  void note_reply_hold(const ReplyName& reply, rpc::Slot caller, ReplyHold hold);
  // The caller never got the last reply of the lane that gave something. Gives what that was.
  std::vector<ReplyHold> take_back(std::uint32_t lane, rpc::Slot caller);
  // The number of the call that its callee has begun last.
  std::uint64_t started(std::uint32_t lane) const;
  std::vector<TaskLane> of_tasks() const;
  bool unused(rpc::Slot slot) const { return table_.of(slot).empty(); }

 private:
  void discard(std::uint32_t lane);

  rpc::Control& control_;
  Peers& peers_;
  LaneTable table_;
  ReplyHolds reply_holds_;
};

}  // namespace manta::detail::node
