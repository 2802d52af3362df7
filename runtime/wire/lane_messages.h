// The messages between a caller and a callee: frames of the two rings of a lane.
//
//   caller -> callee   CallFrame  | name, padded to 8 | arguments
//   callee -> caller   ReplyFrame | kept blocks: u64[] | results: value wire, value wire, ...
//   A call by name (kCalledByName, code_id.h) has a CalledByName as its first argument (named_function.h).
//   arguments          as many as there are to the end of the message or block
//   argument           a value wire; for a list a ValueHeader with kList and their number, then so many
//
// An argument or result section over kMaxInlineValue travels in a block of the store, named by external_block. Calls on
// one lane are numbered from 1 without gaps; replies may come in any order.
// A callee that blocks inside get(), or is asked to, returns the calls that it has not begun (ReplyStatus::kReturned);
// one of those that was cancelled it drops (kDropped).
// A generator sends its items, then its reply: void, or an error. Its last argument is how many items may wait to be
// taken (0: any number); how many were, the caller says in LaneHeader::taken (TakenItems).
//
// Threads: plain data. Both ends are one program, so the layout is that of one build.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "../../base/build_settings.h"
#include "../../base/id.h"

namespace manta::detail {

enum class ReplyStatus : std::uint32_t {
  kDone,      // one value wire per result; kError inside marks failures
  kReturned,  // not begun: the caller sends it elsewhere; nothing follows
  kDropped,   // not begun, and never will be: it was cancelled; nothing follows
  kItem,      // one value wire, which a generator has yielded; the call has not ended
};

enum class CallKind : std::uint32_t { kTask, kConstructor, kMethod };

struct CallFrame {
  std::uint32_t size = 0;  // of the whole frame
  CallKind kind = {};
  std::uint64_t sequence = 0;  // number on this lane
  std::uint64_t task_hi = 0, task_lo = 0;
  // Code identity (code_id.h) of the stub that decodes, calls and encodes.
  std::uint64_t stub_image = 0;
  std::uint64_t stub_offset = 0;
  // Of the function or member function pointer; 0 if the stub needs none.
  std::uint64_t target_image = 0;
  std::uint64_t target_offset = 0;
  std::int32_t attempt = 1;
  std::uint32_t name_size = 0;
  std::uint32_t result_count = 0;
  // 1: the parts of a tuple or vector are results of their own, also a single one.
  std::uint8_t unpacked = 0;
  std::uint8_t last_attempt = 0;  // 1: of a task that is not tried again
  std::uint16_t gpus = 0;         // that the task sees: one, if it has a part of it
  double cpus = 0;
  std::int64_t adjustment = 0;     // of a member function pointer
  std::int64_t object_offset = 0;  // from the actor's object to the handle's base class
  // Of a large call: the block with the argument section, as its offset plus 1. 0: the section follows.
  std::uint64_t external_block = 0;
  std::uint64_t external_size = 0;
};

struct ReplyFrame {
  std::uint32_t size = 0;
  ReplyStatus status = {};
  std::uint64_t sequence = 0;
  std::uint32_t result_count = 0;
  // Blocks lent by the caller that the callee still uses: the caller gives them to the node.
  std::uint32_t kept_count = 0;
  std::uint32_t run_ns = 0;  // how long the call ran; saturating
  // The block, given to the caller, with a large result section: its offset plus 1. 0: the section follows.
  std::uint64_t external_block = 0;
  std::uint64_t external_size = 0;
};

// Flags in LaneHeader::flags. SYNC: the callee sets the first and the last, and then looks once more whether there is
// room or an item was taken; the caller makes room or says what it has taken, and then looks at the flag: all of that
// is sequentially consistent. The caller rings the callee when it has set kRecall, and the bell carries the flag.
// kLastAttempt is for the node, which takes a snapshot.
enum LaneFlag : std::uint32_t {
  kReplyRingFull = 1,  // the callee waits for room: the caller rings it after reading
  kRecall = 2,         // the caller wants back what is not begun
  kLastAttempt = 4,    // the call that runs is not tried again, should it crash
  // A generator waits until items are taken: the caller rings the callee when it takes one.
  kAwaitsTaker = 8,
};

// In ReplyFrame::sequence, beside the number of the call: of an item. So it is no number of a call in flight.
inline constexpr std::uint64_t kItemOf = std::uint64_t{1} << 63;

// LaneHeader::taken: how many items of a call were taken. Of the call's number it has the lowest bits, which tell it
// from the generator that ran before it.
struct TakenItems {
  static constexpr unsigned kCountBits = 40;
  static std::uint64_t packed(std::uint64_t sequence, std::uint64_t count) {
    return sequence << kCountBits | count;
  }
  // 0 if it is said of another call.
  static std::uint64_t of(std::uint64_t sequence, std::uint64_t packed) {
    const std::uint64_t count = packed ^ sequence << kCountBits;
    return count >> kCountBits == 0 ? count : 0;
  }
};

// docs/wire.md shows these bytes.
static_assert(sizeof(CallFrame) == 120 && offsetof(CallFrame, attempt) == 64 &&
              offsetof(CallFrame, external_block) == 104);
static_assert(sizeof(ReplyFrame) == 48 && offsetof(ReplyFrame, external_block) == 32);

// Of a call, as it lies in a ring.
inline CallFrame frame_of(std::span<const std::byte> call) {
  CallFrame frame;
  std::memcpy(&frame, call.data(), sizeof frame);
  return frame;
}
inline std::uint64_t sequence_of(std::span<const std::byte> call) {
  std::uint64_t sequence = 0;
  std::memcpy(&sequence, call.data() + offsetof(CallFrame, sequence), sizeof sequence);
  return sequence;
}
inline TaskId task_of(const CallFrame& frame) { return {frame.task_hi, frame.task_lo}; }

}  // namespace manta::detail
