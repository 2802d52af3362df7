// The messages between a process and its node about names of actors; they belong to the lists of node_messages.h.
// Threads: values.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "../../base/id.h"

namespace manta::detail {

// Declare the actor (ActorDeclare) if its name is free, and send NameTold.
struct NameClaim {
  using Payload = std::span<const std::byte>;  // NameQuestion (actor_names.h)
  std::uint64_t question = 0;
  ActorId actor = {};
};

// Send NameTold: which actor has the name, or which names there are.
struct NameAsk {
  using Payload = std::span<const std::byte>;  // NameQuestion
  std::uint64_t question = 0;
};

struct NameTold {
  using Payload = std::span<const std::byte>;  // NameAnswer
  std::uint64_t question = 0;
  ActorId held = {};  // for the receiver; nil: none
};

}  // namespace manta::detail
