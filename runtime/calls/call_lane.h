// A CallLane is the caller's end of a lane: it sends calls to one worker or actor and matches the replies.
//
// Invariants: calls are numbered from 1 without gaps; what is in flight is known by its number.
// Threads:    the holder of the progress baton.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "../../rpc/control.h"
#include "call.h"
#include "calls_in_flight.h"

namespace manta::detail {

class CallLane {
 public:
  CallLane(rpc::Control& control, const objectstore::Store& store, std::uint32_t index,
           rpc::Slot callee);

  // Writes the call into the ring, which it is then in; false: no room now. keep() follows at once, and ring(), once
  // per burst. `estimate_ns`: of its run time.
  bool write(Call& call, std::uint32_t estimate_ns = 0);
  void keep(base::Ref<Call> written) { calls_.add(std::move(written)); }
  void ring();  // if something was sent since the last ring()

  // Calls `on_reply(call, frame, rest of the message)` for each reply, and for each item of a generator, whose call
  // stays in flight; true if there was one.
  template <class OnReply>
  bool receive(OnReply&& on_reply) {
    bool any = false;
    for (auto bytes = next_reply(); !bytes.empty(); bytes = next_reply()) {
      ReplyFrame frame;
      base::Ref<Call> call = match(bytes, frame);
      on_reply(std::move(call), frame, bytes.subspan(sizeof frame));
      reader_.pop();
      any = true;
    }
    if (any) wake_writer();
    return any;
  }

  std::uint32_t index() const { return index_; }
  rpc::Slot callee() const { return callee_; }
  int callee_pid() const { return control_.process(callee_).pid.load(); }
  std::size_t in_flight() const { return calls_.count(); }
  bool pending() const { return !reader_.empty(); }
  bool carries(const Call& call) const;                // it is in flight here
  bool has_begun(const Call& call) const;              // of one in flight here: it runs, or has run
  std::uint64_t sequence_of(const Call& call) const {  // likewise
    return calls_.first() + (call.sequence() - static_cast<std::uint32_t>(calls_.first()));
  }
  std::uint64_t next_sequence() const { return calls_.next(); }  // of a call not sent yet
  Call* find(std::uint64_t sequence) const { return calls_.find(sequence); }  // null: not in flight
  bool awaits_reply(std::uint64_t sequence) const { return calls_.find(sequence) != nullptr; }
  std::uint64_t estimated_ns() const { return estimated_ns_; }
  // Of a generator in flight here: how many of its items were taken, in all.
  void tell_taken(const Call& call, std::uint64_t count) const;
  // Asks the callee to give back calls that it has not begun.
  void recall();

  template <class Visit>
  void each_call(Visit&& visit) const {
    calls_.each(visit);
  }

  void callee_died() { callee_dead_ = true; }  // before the last receive()
  // The callee died: what was in flight. `begun` is the one that it was running, or null.
  struct Unfinished {
    base::Ref<Call> begun;
    std::vector<base::Ref<Call>> others;
  };
  Unfinished take_unfinished();

 private:
  std::span<const std::byte> next_reply() {
    if (!callee_dead_ || !reader_.front().empty()) [[likely]] {
      return reader_.front();
    }
    reader_.recover();
    return reader_.front();
  }
  base::Ref<Call> match(std::span<const std::byte> bytes, ReplyFrame& frame);
  base::Ref<Call> match_item(ReplyFrame& frame) const;
  void wake_writer();

  rpc::Control& control_;
  const objectstore::Store& store_;
  const std::uint32_t index_;
  const rpc::Slot callee_;
  rpc::Lane lane_;
  rpc::RingWriter writer_;
  rpc::RingReader reader_;
  CallsInFlight calls_;
  std::uint64_t estimated_ns_ = 0;
  bool unrung_ = false;
  bool callee_dead_ = false;
};

}  // namespace manta::detail
