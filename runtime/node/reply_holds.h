// What a callee holds in its caller's name for a reply. Until the reply is in its ring the caller knows nothing of it.
//
//   given --a later reply of the lane came, or the lane is gone--> forgotten: the caller has it
//      \--the callee died, and the caller says that the reply never came: take_back()--> to be released in its name
//
// A callee answers the calls of a lane one after the other, and gives the items of a generator in their order. So when
// it dies only the last reply or item of a lane that gives anything can be in doubt; and only the caller, which reads
// what the dead callee's ring still holds, can tell.
// Invariant: no more is kept than one reply of each lane gives. Threads: confined.
#pragma once
#include <cstdint>
#include <unordered_map>
#include <variant>
#include <vector>

#include "../wire/node_messages.h"

namespace manta::detail::node {

// As the message with which the caller would let go of it.
using ReplyHold = std::variant<ReleaseObject, ReleaseActor, ReleaseBlock>;

class ReplyHolds {
 public:
  void add(const ReplyName& reply, ReplyHold hold);
  // The reply that may be in doubt; it is false if there is none.
  ReplyName last_reply(std::uint32_t lane) const;
  std::vector<ReplyHold> take_back(std::uint32_t lane);
  void forget(std::uint32_t lane) { lanes_.erase(lane); }

  std::size_t size() const { return lanes_.size(); }

 private:
  struct Reply {
    ReplyName name;
    std::vector<ReplyHold> holds;
  };

  std::unordered_map<std::uint32_t, Reply> lanes_;
};

}  // namespace manta::detail::node
