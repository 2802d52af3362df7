// What a thread waits for, as the processes of a session tell their node: so that it can say why something is not there
// yet, and find calls that wait for each other (decision 010).
//
// Encoded with serialization/encode.h. Threads: any. Errors: what cannot be decoded is nothing.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../../base/build_settings.h"

namespace manta::detail {

// One thing without which an object that is waited for is not done. Each stays true once it was said: nothing that was
// answered, sent or made before comes back. `name`: of the call, "Counter::add".
struct Need {
  enum class Kind : std::uint8_t {
    call,         // number `sequence` of `lane`, or a later one, is answered
    constructor,  // actor `hi lo` is made
    object,       // object `hi lo`, of another process, is done
  };
  Kind kind = Kind::call;
  std::uint32_t lane = 0;
  std::uint64_t sequence = 0;
  std::uint64_t hi = 0, lo = 0;
  std::uint32_t object = 0;  // which of WaitRecord::objects it is for
  std::string name = {};
};

// A wait that lasts.
struct WaitRecord {
  enum class Ends : std::uint8_t {
    all_done,
    one_failed,  // or all are done
    one_done,    // or more
  };
  std::string waiter = {};  // the name of the call that waits
  // The call of a lane that the process runs; 0: an actor's constructor, or not known.
  std::uint32_t lane = 0;
  std::uint64_t sequence = 0;
  // That call cannot end before the wait: the process begins and answers nothing else.
  bool holds_up = false;
  Ends ends = Ends::all_done;
  // It does not end before one of these is done, whose needs Need::object tells apart: one of the pending objects; of
  // those that must all be done anyway, all together. Empty: they are too many.
  std::vector<std::uint32_t> objects = {};
  bool deadline = false;
  std::vector<Need> needs = {};
};

// A part of an answer to "why": a text, and what it leads to.
struct WhyStep {
  std::string text = {};
  std::optional<Need> next = {};
};

std::vector<std::byte> encode(const WaitRecord& record);
std::vector<std::byte> encode(const std::vector<Need>& needs);
std::vector<std::byte> encode(const WhyStep& step);
std::optional<WaitRecord> decode_wait(std::span<const std::byte> bytes);
std::optional<std::vector<Need>> decode_needs(std::span<const std::byte> bytes);
std::optional<WhyStep> decode_why(std::span<const std::byte> bytes);

}  // namespace manta::detail
