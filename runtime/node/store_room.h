// The StoreRoom is the line of those that wait for room in the object store of a node: first come, first served.
//
//   ask --> waits --it is the first, and there is room--> granted: the process tries to take it
//              \--longer than InitOptions::put_timeout, and nothing is being spilled for it--> refused
//
// Memory that is freed is freed without a message, so the store is looked at again and again while somebody waits. The
// first is granted its turn, and the next only at the next look, when the first has taken its room. A process that
// finds its room taken asks again, and has its place in the order of time as before. While somebody waits, processes
// ask even if there is room (Arena::waiting()).
//
// Threads: confined. Errors: none. Time: monotonic_ms().
#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <list>
#include <string>
#include <string_view>

#include "../../rpc/control.h"
#include "../wire/node_messages.h"

namespace manta::detail::node {

// While others spill, whoever waits for room waits this much longer: the time of spilling does not count, mostly.
constexpr bool is_late_while_spilling(std::int64_t since, std::int64_t now,
                                      std::int64_t timeout_ms) {
  constexpr std::int64_t kTimes = 10;
  constexpr std::int64_t kLeastMs = 3000;
  return (now - since - kLeastMs) / kTimes > timeout_ms;
}

class StoreRoom {
 public:
  struct Store {
    std::function<bool(std::uint64_t size)> has_room;  // spills, if it must
    std::function<bool()> is_spilling = [] { return false; };
    // Whether it was found since then that nothing can be spilled.
    std::function<bool(std::int64_t time)> has_tried_since = [](std::int64_t) { return true; };
    std::function<void(std::uint32_t count)> set_waiting;
    std::function<std::string()> why_not_spilled = [] { return std::string(); };
    std::function<void(rpc::Slot to, const RoomTold& told, std::string_view text)> tell;
  };
  StoreRoom(Store store, std::int64_t timeout_ms)
      : store_(std::move(store)), timeout_ms_(timeout_ms) {}

  void on(rpc::Slot from, const RoomAsk& ask);
  void process_died(rpc::Slot slot);
  bool anybody_waits() const { return !asks_.empty(); }
  // Since when the first waits.
  std::int64_t first_in_line() const {
    return asks_.empty() ? std::numeric_limits<std::int64_t>::max() : asks_.front().ask.since;
  }
  // One look at the store.
  void look(std::int64_t now);

 private:
  bool is_late(const RoomAsk& ask, std::int64_t now) const;

  struct Ask {
    rpc::Slot from = 0;
    RoomAsk ask = {};
  };

  const Store store_;
  const std::int64_t timeout_ms_;
  std::list<Ask> asks_;          // the oldest first
  std::int64_t spilled_at_ = 0;  // when something was being spilled for the last time
};

}  // namespace manta::detail::node
