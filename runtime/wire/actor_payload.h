// What the node and the actor's worker are told of an actor that is to be made: the payload of ActorCreate,
// ActorDeclare and ActorStart. Threads: any. Errors: what cannot be decoded is nothing.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../options/options.h"
#include "lane_messages.h"
#include "task_shape.h"

namespace manta::detail {

struct ActorPayload {
  std::string name = {};  // as the user wrote it; may be empty
  std::string type = {};
  double cpus = 0;
  bool detached = false;
  TaskShape shape = {};
  std::vector<std::byte> call = {};  // of the constructor: a CallFrame and its arguments
};

// `arguments`: those of the call; none when they lie in its external block.
ActorPayload make_actor_payload(const ActorOptions& options, const std::string& type,
                                CallFrame call, std::span<const std::byte> arguments);

std::vector<std::byte> encode(const ActorPayload& payload);
std::optional<ActorPayload> decode_actor(std::span<const std::byte> bytes);

}  // namespace manta::detail
