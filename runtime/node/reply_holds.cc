#include "reply_holds.h"

#include <utility>

namespace manta::detail::node {

void ReplyHolds::add(std::uint32_t lane, std::uint64_t sequence, ReplyHold hold) {
  Reply& reply = lanes_[lane];
  if (reply.sequence != sequence) reply = {.sequence = sequence, .holds = {}};
  reply.holds.push_back(hold);
}

std::uint64_t ReplyHolds::last_reply(std::uint32_t lane) const {
  const auto entry = lanes_.find(lane);
  return entry == lanes_.end() ? 0 : entry->second.sequence;
}

std::vector<ReplyHold> ReplyHolds::take_back(std::uint32_t lane) {
  const auto entry = lanes_.find(lane);
  if (entry == lanes_.end()) return {};
  std::vector<ReplyHold> holds = std::move(entry->second.holds);
  lanes_.erase(entry);
  return holds;
}

}  // namespace manta::detail::node
