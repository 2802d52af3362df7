// What threads wait for, as the processes of a session tell their node, so that it can say why a value has not arrived
// yet, and find calls that wait for each other (decision 010).
//
// Payloads (payload.h). Threads: any. Errors: what cannot be decoded is nothing.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../../base/build_settings.h"

namespace manta::detail {

// One thing that must happen before an object that is waited for can be done. A Need stays true once it was told: what
// was answered, sent or made does not come back. `name` is that of the call, "Counter::add".
struct Need {
  enum class Kind : std::uint8_t {
    kCall,         // call number `sequence` of `lane`, or a later one, must be answered
    kConstructor,  // actor `hi lo` must be made
    kObject,       // object `hi lo`, of another process, must be done
    kLease,        // a lease for scheduling key `lane`, after the first `sequence` of the process
    kInPlace,      // a call that the process of slot `lane` runs in place; only in a WhyStep
    kStore,        // room in the object store, or bytes of it that lie on disk; only in the node
  };
  Kind kind = Kind::kCall;
  std::uint32_t lane = 0;
  std::uint64_t sequence = 0;
  std::uint64_t hi = 0, lo = 0;
  std::uint32_t object = 0;  // which of WaitRecord::objects it is for
  std::string name = {};
};

// A wait that lasts.
struct WaitRecord {
  enum class Ends : std::uint8_t {
    kAllDone,
    kOneFailed,  // or all are done
    kSomeDone,
  };
  std::string waiter = {};  // the name of the call that waits
  // The call of a lane that the process runs. Sequence 0: an actor's constructor, or it is not known.
  std::uint32_t lane = 0;
  std::uint64_t sequence = 0;
  // That call cannot end before the wait does: until then the process begins and answers nothing else.
  bool holds_up = false;
  Ends ends = Ends::kAllDone;
  // What is pending; Need::object says to which of them a need belongs. The wait cannot end before all but `spare` of
  // them are done. If all must be done in any case, they are one together. Empty if they are too many.
  std::vector<std::uint32_t> objects = {};
  std::uint32_t spare = 0;
  bool deadline = false;
  std::vector<Need> needs = {};
};

// A part of an answer to why(): a text, and the need that it leads to, of which only others know more.
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
