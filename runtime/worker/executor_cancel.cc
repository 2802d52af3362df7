// How calls that were cancelled end in a worker (decision 030): those that have not begun are passed over in their
// ring, and what runs is asked, or ends with the process.
#include <algorithm>
#include <csignal>
#include <mutex>
#include <unistd.h>

#include "../calls/cancelling.h"
#include "executor.h"

namespace manta::detail {

void Executor::on(const CallCancel& cancel) {
  const Cancelling::How how{.how = cancel.how, .recursive = cancel.recursive != 0};
  std::optional<NumberRange> called;
  {
    const std::lock_guard lock(lanes_mutex_);
    const auto found = std::ranges::find(lanes_, cancel.lane, &Lane::index);
    if (found == lanes_.end()) return;
    Lane& lane = **found;
    if (drop(lane, cancel.sequence)) return answer_dropped(lane);
    const bool runs = *found == running_lane_ && !answered_ &&
                      lane.memory.header->started.load() == cancel.sequence;
    if (!runs) return;
    called = ask_to_end(cancel.task, how.recursive);
    if (how.how != CancelHow::kAsk && !is_actor_ && !is_local()) {
      if (called && how.recursive) cancelling().tell_called_since(called->first, how);
      ::kill(::getpid(), SIGKILL);  // while the lock is held, so that the call gets no reply
    }
  }
  if (called && how.recursive) cancelling().cancel_called(*called, how);
}

// If it has not begun. The numbers of the calls in a ring have no gaps.
bool Executor::drop(Lane& lane, std::uint64_t sequence) {
  const auto bytes = lane.reader.front();
  if (bytes.empty() || sequence < sequence_of(bytes)) return false;
  if (lane.dropped.insert(sequence).second) lane.to_answer.insert(sequence);
  return true;
}

// As far as there is room for replies; poll() continues.
void Executor::answer_dropped(Lane& lane) {
  bool any = false;
  while (!lane.to_answer.empty()) {
    const auto first = lane.to_answer.begin();
    bool written = write_empty_reply(lane, *first, ReplyStatus::kDropped);
    if (!written) {  // SYNC: as in RoomForReply
      lane.memory.header->flags.fetch_or(kReplyRingFull);
      written = write_empty_reply(lane, *first, ReplyStatus::kDropped);
    }
    if (!written) break;
    lane.to_answer.erase(first);
    any = true;
  }
  if (any) ring_caller_of(lane);
}

// The first call in the ring that was not cancelled; empty: there is none.
std::span<const std::byte> Executor::next_call(Lane& lane) {
  auto bytes = lane.reader.front();
  while (!lane.dropped.empty() && !bytes.empty() && lane.dropped.erase(sequence_of(bytes)) != 0) {
    lane.reader.pop();
    bytes = lane.reader.front();
  }
  return bytes;
}

}  // namespace manta::detail
