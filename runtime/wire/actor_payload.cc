#include "actor_payload.h"

#include "payload.h"

namespace manta::detail {

ActorPayload make_actor_payload(const ActorOptions& options, const std::string& type,
                                CallFrame call, std::span<const std::byte> arguments) {
  call.size = static_cast<std::uint32_t>(sizeof call + arguments.size());
  call.name_size = 0;
  const auto head = std::as_bytes(std::span(&call, 1));
  ActorPayload payload{.name = options.name,
                       .type = type,
                       .cpus = options.cpus,
                       .detached = options.lifetime == Lifetime::detached,
                       .shape = shape_of(options),
                       .call = {head.begin(), head.end()}};
  payload.call.insert(payload.call.end(), arguments.begin(), arguments.end());
  return payload;
}

std::vector<std::byte> encode(const ActorPayload& payload) { return pack(payload); }

std::optional<ActorPayload> decode_actor(std::span<const std::byte> bytes) {
  auto payload = unpack<ActorPayload>(bytes);
  if (!payload || payload->call.size() < sizeof(CallFrame)) return std::nullopt;
  return payload;
}

}  // namespace manta::detail
