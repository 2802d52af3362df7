// The payload of actor_create and actor_start (wire/node_messages.h), written and read.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "../options/options.h"
#include "lane_messages.h"
#include "node_messages.h"

namespace manta::detail {

// `arguments`: those of the call, or nothing when they lie in its external block.
std::vector<std::byte> write_actor_payload(const ActorOptions& options, const std::string& type,
                                           CallFrame call, std::span<const std::byte> arguments);

struct ActorPayload {
  explicit ActorPayload(std::span<const std::byte> payload);  // check() fails on malformed bytes
  std::string name;
  std::string type;
  std::span<const std::byte> call;  // a CallFrame and its arguments
};

}  // namespace manta::detail
