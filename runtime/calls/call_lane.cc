#include "call_lane.h"

#include <cstring>

#include "../../base/check.h"

namespace manta::detail {

CallLane::CallLane(rpc::Control& control, const objectstore::Store& store, std::uint32_t index,
                   rpc::Slot callee)
    : control_(control),
      store_(store),
      index_(index),
      callee_(callee),
      lane_(control.lane(index)),
      writer_(lane_.to_callee),
      reader_(lane_.to_caller) {}

bool CallLane::write(Call& call, std::uint32_t estimate_ns) {
  const std::size_t size = call.frame_size();
  auto* out = writer_.reserve(static_cast<std::uint32_t>(size));
  if (out == nullptr) return false;
  const std::uint64_t sequence = next_sequence();
  call.write_frame(out, size, sequence, store_);
  writer_.commit();
  call.enter_lane(static_cast<std::uint32_t>(sequence), estimate_ns);
  estimated_ns_ += estimate_ns;
  unrung_ = true;
  return true;
}

void CallLane::ring() {
  if (!unrung_) return;
  unrung_ = false;
  rpc::ring_unless_busy(control_.process(callee_));
}

base::Ref<Call> CallLane::match(std::span<const std::byte> bytes, ReplyFrame& frame) {
  base::check(bytes.size() >= sizeof frame, "a reply is cut off");
  std::memcpy(&frame, bytes.data(), sizeof frame);
  if (!awaits_reply(frame.sequence)) [[unlikely]] {
    return match_item(frame);
  }
  base::Ref<Call> call = calls_.take(frame.sequence);
  estimated_ns_ -= call->estimate_ns();
  return call;
}

base::Ref<Call> CallLane::match_item(ReplyFrame& frame) const {
  frame.sequence ^= kItemOf;
  Call* const call = calls_.find(frame.sequence);
  base::check(call != nullptr && frame.status == ReplyStatus::kItem && call->items() != nullptr,
              "a reply to a call that was not made, or has one");
  return base::Ref<Call>::retain(call);
}

void CallLane::tell_taken(const Call& call, std::uint64_t count) const {
  if (!has_begun(call)) return;  // `taken` may be about another one
  // SYNC: the number first, then the flag: the callee sets the flag, then looks at the number.
  lane_.header->taken.store(TakenItems::packed(sequence_of(call), count));
  if ((lane_.header->flags.load() & kAwaitsTaker) == 0) return;
  lane_.header->flags.fetch_and(~std::uint32_t{kAwaitsTaker});
  rpc::ring(control_.process(callee_).bell);
}

void CallLane::wake_writer() {
  auto& flags = lane_.header->flags;
  // SYNC: pairs with the callee's: it sets the flag, then looks at the ring once more, then sleeps.
  if ((flags.load(std::memory_order_seq_cst) & kReplyRingFull) == 0) return;
  flags.fetch_and(~std::uint32_t{kReplyRingFull});
  rpc::ring(control_.process(callee_).bell);
}

void CallLane::recall() {
  lane_.header->flags.fetch_or(kRecall);
  rpc::ring(control_.process(callee_).bell);
}

bool CallLane::carries(const Call& call) const {
  return call.state() == CallState::kInFlight && calls_.find(sequence_of(call)) == &call;
}

bool CallLane::has_begun(const Call& call) const {
  // SYNC: none: a snapshot.
  return lane_.header->started.load(std::memory_order_relaxed) >= sequence_of(call);
}

CallLane::Unfinished CallLane::take_unfinished() {
  Unfinished unfinished;
  // SYNC: the callee stored it before it ran the call.
  const std::uint64_t started = lane_.header->started.load(std::memory_order_acquire);
  while (calls_.count() != 0) {
    const std::uint64_t number = calls_.first();
    base::Ref<Call> call = calls_.take(number);
    if (number == started) {
      unfinished.begun = std::move(call);
    } else {
      unfinished.others.push_back(std::move(call));
    }
  }
  estimated_ns_ = 0;
  return unfinished;
}

}  // namespace manta::detail
