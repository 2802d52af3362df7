#include "room_for_calls.h"

#include "../../base/error.h"
#include "../calls/pending_bytes.h"
#include "../process/process.h"
#include "lend_cpu.h"

namespace manta::detail {
namespace {

// Waits until the bytes are below half the bound, so that a loop that submits does not stop at each call.
class RoomForCalls final : public rpc::Progress::Waiter {
 public:
  explicit RoomForCalls(Process& process) : process_(process) {}
  bool satisfied() const override {
    return pending_bytes.count() <= PendingBytes::kMost / 2 || !process_.can_finish_something() ||
           process_.over();
  }

 private:
  Process& process_;
};

}  // namespace

void wait_for_room(Process& process) {
  if (pending_bytes.count() <= PendingBytes::kMost) return;
  RoomForCalls room(process);
  wait_lending_cpu(process, room);
  if (pending_bytes.count() <= PendingBytes::kMost) return;
  if (!process.can_finish_something() && !process.ownership().dead()) {
    throw PendingCallsLimit(
        "this process has " + std::to_string(pending_bytes.count() >> 20) +
        " MiB of calls that wait for others, and none that can finish: submit fewer at a time");
  }
}

}  // namespace manta::detail
