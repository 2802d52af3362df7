#include "actor_names.h"

#include "payload.h"

namespace manta::detail {

std::vector<std::byte> encode(const NameQuestion& question) { return pack(question); }
std::vector<std::byte> encode(const NameAnswer& answer) { return pack(answer); }

std::optional<NameQuestion> decode_name_question(std::span<const std::byte> bytes) {
  return unpack<NameQuestion>(bytes);
}
std::optional<NameAnswer> decode_name_answer(std::span<const std::byte> bytes) {
  return unpack<NameAnswer>(bytes);
}

}  // namespace manta::detail
