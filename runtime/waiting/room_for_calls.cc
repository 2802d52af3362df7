#include "room_for_calls.h"

#include "../../base/error.h"
#include "../calls/senders.h"
#include "../process/waiting_threads.h"
#include "lend_cpu.h"

namespace manta::detail {
namespace {

// Waits until the bytes are below half the bound, so that a loop that submits does not stop at each call.
class RoomForCalls final : public rpc::Progress::Waiter {
 public:
  RoomForCalls(WaitingThreads& threads, const Senders& senders)
      : threads_(threads), senders_(senders) {}
  bool satisfied() const override {
    return pending_bytes.count() <= PendingBytes::kMost / 2 || !can_finish_something() ||
           threads_.session_over();
  }
  bool can_finish_something() const {  // that was submitted
    const TablesLock lock(threads_.tables());
    return senders_.active();
  }

 private:
  WaitingThreads& threads_;
  const Senders& senders_;
};

}  // namespace

void wait_for_half_of_the_calls(WaitingThreads& threads, const Senders& senders) {
  RoomForCalls room(threads, senders);
  wait_lending_cpu(threads, room);
  if (pending_bytes.count() <= PendingBytes::kMost) return;
  if (!room.can_finish_something() && !threads.node_dead()) {
    throw PendingCallsLimit(
        "this process has " + std::to_string(pending_bytes.count() >> 20) +
        " MiB of calls that wait for others, and none that can finish: submit fewer at a time");
  }
}

}  // namespace manta::detail
