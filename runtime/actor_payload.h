// The payload of actor_create and actor_start (wire/node_messages.h), written and read.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <manta/runtime/options.h>
#include <manta/runtime/wire/node_messages.h>

namespace manta::detail {

class Call;

std::vector<std::byte> write_actor_payload(const ActorOptions& options, const std::string& type,
                                           const Call& call);

struct ActorPayload {
  explicit ActorPayload(std::span<const std::byte> payload);  // check() fails on malformed bytes
  std::string name;
  std::string type;
  std::span<const std::byte> call;  // a CallFrame and its arguments
};

}  // namespace manta::detail
