// Which lanes are in use, and between which processes.
//
//   free --open()--> open --close() by one end--> half --close() by the other--> free
//
// An end whose process has died counts as closed. Invariant: a lane is used again only after both ends are closed.
// Threads: confined. Errors: open() gives nothing when all lanes are in use.
#pragma once
#include <cstdint>
#include <optional>
#include <queue>
#include <set>
#include <unordered_map>
#include <vector>

#include "../../rpc/lane.h"
#include "../wire/node_messages.h"

namespace manta::detail::node {

// A lane of a task, which both ends have open.
struct TaskLane {
  std::uint32_t lane = 0;
  rpc::Slot caller = 0;
  rpc::Slot callee = 0;
  std::uint64_t opened = 0;   // LaneRecord::opened
  std::uint64_t started = 0;  // the call that was begun last; 0: none
  bool last_attempt = false;  // that call is not tried again
};

struct LaneRecord {
  rpc::Slot caller = 0;
  rpc::Slot callee = 0;
  LaneKind kind = LaneKind::kTask;
  bool caller_closed = false;
  bool callee_closed = false;
  std::uint64_t opened = 0;  // a number of its own: a lane that is used again has another
};

class LaneTable {
 public:
  explicit LaneTable(std::uint32_t limit) : limit_(limit) {}

  std::optional<std::uint32_t> open(rpc::Slot caller, rpc::Slot callee, LaneKind kind);
  const LaneRecord* find(std::uint32_t lane) const;

  // kHalf: the other end is to be told. kFree: the lane is to be discarded.
  enum class Closing { kNothing, kHalf, kFree };
  Closing close(std::uint32_t lane, rpc::Slot end);

  std::vector<std::uint32_t> of(rpc::Slot process) const;  // those that are not free yet
  std::size_t size() const { return lanes_.size(); }
  template <class Visit>
  void each(Visit&& visit) const {
    for (const auto& [lane, record] : lanes_) visit(lane, record);
  }

 private:
  std::uint32_t limit_;
  std::uint32_t never_used_ = 0;
  std::uint64_t opened_ = 0;
  // Lanes with low numbers first: their memory is warm.
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> free_;
  std::unordered_map<std::uint32_t, LaneRecord> lanes_;
  std::unordered_map<rpc::Slot, std::set<std::uint32_t>> by_process_;
};

}  // namespace manta::detail::node
