#include "reply_holds.h"

#include <utility>

namespace manta::detail::node {

void ReplyHolds::add(const ReplyName& name, ReplyHold hold) {
  Reply& reply = lanes_[name.lane];
  if (reply.name != name) reply = {.name = name, .holds = {}};
  reply.holds.push_back(hold);
}

ReplyName ReplyHolds::last_reply(std::uint32_t lane) const {
  const auto entry = lanes_.find(lane);
  return entry == lanes_.end() ? ReplyName() : entry->second.name;
}

std::vector<ReplyHold> ReplyHolds::take_back(std::uint32_t lane) {
  const auto entry = lanes_.find(lane);
  if (entry == lanes_.end()) return {};
  std::vector<ReplyHold> holds = std::move(entry->second.holds);
  lanes_.erase(entry);
  return holds;
}

}  // namespace manta::detail::node
