#include "waits.h"

#include <exception>

#include "../../serialization/encode.h"

namespace manta::detail {
namespace {

// Names are short: nothing becomes a buffer of its own.
template <class T>
std::vector<std::byte> bytes_of(const T& value) {
  serialization::Encoded encoded;
  serialization::encode(value, encoded);
  return {encoded.meta.begin(), encoded.meta.end()};
}

template <class T>
std::optional<T> value_of(std::span<const std::byte> bytes) {
  try {
    return serialization::decode<T>(serialization::EncodedView(bytes, {}, {}));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

std::vector<std::byte> encode(const WaitRecord& record) { return bytes_of(record); }
std::vector<std::byte> encode(const std::vector<Need>& needs) { return bytes_of(needs); }
std::vector<std::byte> encode(const WhyStep& step) { return bytes_of(step); }

std::optional<WaitRecord> decode_wait(std::span<const std::byte> bytes) {
  return value_of<WaitRecord>(bytes);
}
std::optional<std::vector<Need>> decode_needs(std::span<const std::byte> bytes) {
  return value_of<std::vector<Need>>(bytes);
}
std::optional<WhyStep> decode_why(std::span<const std::byte> bytes) {
  return value_of<WhyStep>(bytes);
}

}  // namespace manta::detail
