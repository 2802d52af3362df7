#include "lane_table.h"

namespace manta::detail::node {

std::optional<std::uint32_t> LaneTable::open(rpc::Slot caller, rpc::Slot callee, LaneKind kind) {
  std::uint32_t lane = never_used_;
  if (!free_.empty()) {
    lane = free_.top();
    free_.pop();
  } else if (never_used_ == limit_) {
    return std::nullopt;
  } else {
    ++never_used_;
  }
  lanes_[lane] = {.caller = caller, .callee = callee, .kind = kind, .opened = ++opened_};
  by_process_[caller].insert(lane);
  by_process_[callee].insert(lane);
  return lane;
}

const LaneRecord* LaneTable::find(std::uint32_t lane) const {
  const auto entry = lanes_.find(lane);
  return entry == lanes_.end() ? nullptr : &entry->second;
}

LaneTable::Closing LaneTable::close(std::uint32_t lane, rpc::Slot end) {
  const auto entry = lanes_.find(lane);
  if (entry == lanes_.end()) return Closing::kNothing;
  LaneRecord& record = entry->second;
  // Of a lane to itself (an actor that calls itself) a process closes one end, then the other.
  const bool own = record.caller == record.callee;
  const bool as_caller = end == record.caller && !(own && record.caller_closed);
  bool& closed = as_caller ? record.caller_closed : record.callee_closed;
  if (closed || (end != record.caller && end != record.callee)) return Closing::kNothing;
  closed = true;
  if (!record.caller_closed || !record.callee_closed) return Closing::kHalf;
  for (const rpc::Slot process : {record.caller, record.callee}) {
    const auto lanes = by_process_.find(process);
    lanes->second.erase(lane);
    if (lanes->second.empty()) by_process_.erase(lanes);
    if (own) break;
  }
  lanes_.erase(entry);
  free_.push(lane);
  return Closing::kFree;
}

std::vector<std::uint32_t> LaneTable::of(rpc::Slot process) const {
  const auto entry = by_process_.find(process);
  if (entry == by_process_.end()) return {};
  return {entry->second.begin(), entry->second.end()};
}

}  // namespace manta::detail::node
