#include "actor_payload.h"

#include <cstring>

#include "../../base/check.h"

namespace manta::detail {
namespace {

std::size_t padded(std::size_t size) { return (size + 7) & ~std::size_t{7}; }

}  // namespace

std::vector<std::byte> write_actor_payload(const ActorOptions& options, const std::string& type,
                                           CallFrame call, std::span<const std::byte> arguments) {
  ActorCreate head;
  head.name_size = static_cast<std::uint32_t>(options.name.size());
  head.type_size = static_cast<std::uint32_t>(type.size());
  head.call_size = static_cast<std::uint32_t>(sizeof call + arguments.size());
  head.resource_count = static_cast<std::uint32_t>(options.resources.size());
  head.cpus = options.cpus;
  std::vector<std::byte> bytes(sizeof head + options.resources.size() * sizeof(ResourceItem) +
                               padded(options.name.size()) + padded(type.size()) +
                               padded(head.call_size));
  std::byte* out = bytes.data();
  const auto put = [&](const void* from, std::size_t size) {
    if (size != 0) std::memcpy(out, from, size);
    out += padded(size);
  };
  put(&head, sizeof head);
  for (const auto& [name, amount] : options.resources) {
    ResourceItem item;
    std::strncpy(item.name, name.c_str(), sizeof item.name - 1);
    item.amount = amount;
    put(&item, sizeof item);
  }
  put(options.name.data(), options.name.size());
  put(type.data(), type.size());
  call.size = head.call_size;
  call.name_size = 0;
  std::memcpy(out, &call, sizeof call);
  if (!arguments.empty()) std::memcpy(out + sizeof call, arguments.data(), arguments.size());
  return bytes;
}

ActorPayload::ActorPayload(std::span<const std::byte> payload) {
  ActorCreate head;
  base::check(payload.size() >= sizeof head, "the creation of an actor is cut off");
  std::memcpy(&head, payload.data(), sizeof head);
  const std::size_t resources = std::size_t{head.resource_count} * sizeof(ResourceItem);
  const std::size_t whole =
      sizeof head + resources + padded(head.name_size) + padded(head.type_size) + head.call_size;
  base::check(whole <= payload.size(), "the creation of an actor is cut off");
  const auto* at = reinterpret_cast<const char*>(payload.data()) + sizeof head + resources;
  name.assign(at, head.name_size);
  at += padded(head.name_size);
  type.assign(at, head.type_size);
  at += padded(head.type_size);
  call = {reinterpret_cast<const std::byte*>(at), head.call_size};
}

}  // namespace manta::detail
