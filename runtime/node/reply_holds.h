// What a callee holds in its caller's name for a reply: until the reply is in its ring the caller knows nothing of it.
//
//   given --a later reply of the lane, lane gone--> forgotten: the caller has it
//      \--callee died, and the caller says that the reply never came: take_back()--> to be released in its name
//
// A callee answers the calls of a lane one after the other, so only the last reply of a lane that gives anything can be in
// doubt when it dies, and only the caller, who reads what the dead one's ring still holds, can tell.
// Invariant: no more is kept than one reply of each lane gives. Threads: confined.
#pragma once
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "../../scheduler/holders.h"

namespace manta::detail::node {

enum class HeldKind : std::uint8_t { object, actor, block };

struct ReplyHold {
  HeldKind kind;
  std::uint64_t hi = 0, lo = 0;  // id; of a block: lo is its offset

  bool operator==(const ReplyHold&) const = default;
};

class ReplyHolds {
 public:
  void add(std::uint32_t lane, std::uint64_t sequence, ReplyHold hold);
  // Number of the call whose reply may be in doubt; 0: none.
  std::uint64_t last_reply(std::uint32_t lane) const;
  std::vector<ReplyHold> take_back(std::uint32_t lane);
  void forget(std::uint32_t lane) { lanes_.erase(lane); }

  std::size_t size() const { return lanes_.size(); }

 private:
  struct Reply {
    std::uint64_t sequence = 0;
    std::vector<ReplyHold> holds;
  };

  std::unordered_map<std::uint32_t, Reply> lanes_;
};

}  // namespace manta::detail::node
