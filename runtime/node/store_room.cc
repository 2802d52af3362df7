#include "store_room.h"

#include <algorithm>

namespace manta::detail::node {
namespace {

constexpr std::int64_t kWhileSpillingMs = 30'000;
constexpr std::int64_t kToTakeItMs = 100;

}  // namespace

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

// Who does not want to wait waits for what is being spilled for him all the same.
std::int64_t StoreRoom::limit_ms(bool room) const {
  if (store_.is_spilling()) return timeout_ms_ + kWhileSpillingMs;
  return room ? std::max(timeout_ms_, kToTakeItMs) : timeout_ms_;
}

void StoreRoom::look(std::int64_t now) {
  const bool room = !asks_.empty() && store_.has_room(asks_.front().ask.size, asks_.front().from);
  const Ask* const first_of_all = asks_.empty() ? nullptr : &asks_.front();
  // Before the grant, so that somebody who cannot take what there seems to be does not have his turn again and again
  // for ever.
  const std::int64_t limit = limit_ms(room);
  std::erase_if(asks_, [&](const Ask& ask) {
    if (now - ask.ask.since < limit) return false;
    store_.tell(ask.from, {.question = ask.ask.question, .granted = 0});
    return true;
  });
  if (room && !asks_.empty() && &asks_.front() == first_of_all) {
    const Ask& first = asks_.front();
    store_.tell(first.from, {.question = first.ask.question, .granted = 1});
    asks_.pop_front();
  }
  store_.set_waiting(static_cast<std::uint32_t>(asks_.size()));
}

}  // namespace manta::detail::node
