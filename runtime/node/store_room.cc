#include "store_room.h"

#include <algorithm>

namespace manta::detail::node {

void StoreRoom::on(rpc::Slot from, const RoomAsk& ask) {
  const auto behind =
      std::ranges::find_if(asks_, [&](const Ask& other) { return other.ask.since > ask.since; });
  asks_.insert(behind, {from, ask});
  store_.set_waiting(static_cast<std::uint32_t>(asks_.size()));
}

void StoreRoom::process_died(rpc::Slot slot) {
  std::erase_if(asks_, [&](const Ask& ask) { return ask.from == slot; });
  store_.set_waiting(static_cast<std::uint32_t>(asks_.size()));
}

void StoreRoom::look(std::int64_t now) {
  // First, so that somebody who cannot take what there seems to be does not have his turn again and again for ever.
  std::erase_if(asks_, [&](const Ask& ask) {
    if (now - ask.ask.since < timeout_ms_) return false;
    store_.tell(ask.from, {.question = ask.ask.question, .granted = 0});
    return true;
  });
  if (!asks_.empty() && store_.has_room(asks_.front().ask.size, asks_.front().from)) {
    const Ask& first = asks_.front();
    store_.tell(first.from, {.question = first.ask.question, .granted = 1});
    asks_.pop_front();
  }
  store_.set_waiting(static_cast<std::uint32_t>(asks_.size()));
}

}  // namespace manta::detail::node
