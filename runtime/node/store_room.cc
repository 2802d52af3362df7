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

bool StoreRoom::is_late(const RoomAsk& ask, std::int64_t now) const {
  if (store_.is_spilling() || !store_.has_tried_since(ask.since)) {
    return is_late_while_spilling(ask.since, now, timeout_ms_);
  }
  return now - std::max(ask.since, spilled_at_) >= timeout_ms_;
}

void StoreRoom::look(std::int64_t now) {
  const bool room = !asks_.empty() && store_.has_room(asks_.front().ask.size);
  if (store_.is_spilling()) spilled_at_ = now;
  // Whoever was granted room in vain is not granted it again and again for ever.
  if (room && (asks_.front().ask.tries == 0 || !is_late(asks_.front().ask, now))) {
    const Ask& first = asks_.front();
    store_.tell(first.from, {.question = first.ask.question, .granted = 1}, {});
    asks_.pop_front();
  }
  std::erase_if(asks_, [&](const Ask& ask) {
    if (!is_late(ask.ask, now)) return false;
    store_.tell(ask.from, {.question = ask.ask.question, .granted = 0}, store_.why_not_spilled());
    return true;
  });
  store_.set_waiting(static_cast<std::uint32_t>(asks_.size()));
}

}  // namespace manta::detail::node
