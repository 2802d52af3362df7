// The messages between a process and its node about blocks that are spilled to disk (runtime/node/spilling.h): some of
// node_messages.h.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "../../base/build_settings.h"
#include "../../base/id.h"

namespace manta::detail {

// ---------------------------------------------------------------- process -> node

// Answer to SpillAsk.
struct SpillTold {
  using Payload = std::span<
      const std::byte>;  // for each block 1, if this process does not read it any more, or 0
  std::uint64_t question = 0;
};

// The block was spilled: send RestoreTold when its bytes can be read again.
struct RestoreAsk {
  using Payload = std::string_view;  // which call waits (WaitRecord::waiter)
  std::uint64_t question = 0;
  std::uint64_t block = 0;
  ObjectId object = {};  // for messages; nil: the block holds arguments of a call
};
inline std::string what_is_asked_for(const RestoreAsk& ask) {
  return ask.object.is_nil() ? "what a call passes by value" : "object " + ask.object.hex();
}

// ---------------------------------------------------------------- node -> process

// The node wants to spill blocks that this process holds: send SpillTold.
struct SpillAsk {
  using Payload = std::span<const std::byte>;  // their offsets, 8 bytes each
  std::uint64_t question = 0;
};

struct RestoreTold {
  enum class Outcome : std::uint32_t {
    kInMemory,  // the block was not spilled after all: read it
    kRestored,  // its bytes are in `block`, which the receiver holds once from now on
    kNoRoom,
    kLost,
    kSilent,  // whoever keeps its bytes does not answer
  };

  using Payload = std::string_view;  // why it is lost
  std::uint64_t question = 0;
  std::uint64_t block = 0;
  Outcome outcome = Outcome::kInMemory;
};

}  // namespace manta::detail
