#include "long_calls.h"

namespace manta::detail::node {

std::vector<LongCalls::LongCall> LongCalls::look(const std::vector<TaskLane>& lanes,
                                                 std::int64_t now_ms) {
  std::vector<LongCall> found;
  std::unordered_map<std::uint32_t, Begun> begun;
  for (const TaskLane& lane : lanes) {
    if (lane.started == 0) continue;
    Begun now{.opened = lane.opened, .started = lane.started, .since = now_ms};
    const auto before = begun_.find(lane.lane);
    const bool same = before != begun_.end() && before->second.opened == lane.opened &&
                      before->second.started == lane.started;
    if (same) now = before->second;
    if (now_ms - now.since >= now.tell_after) {
      now.tell_after *= 2;
      found.push_back(
          {.caller = lane.caller,
           .message = {.sequence = lane.started, .ms = now_ms - now.since, .lane = lane.lane}});
    }
    begun.emplace(lane.lane, now);
  }
  begun_ = std::move(begun);
  return found;
}

}  // namespace manta::detail::node
