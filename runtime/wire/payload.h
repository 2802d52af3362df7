// What one process of a session tells another beside its messages: values in the form of the one serializer, with what
// that leaves beside its stream (long texts) put behind it.
//
//   PayloadHead | size of each buffer: u64[] | stream (serialization/encode.h) | buffers
//
// For .cc files: whoever sends or receives a payload calls the encode() and decode_...() of its type.
// Threads: any. Errors: what cannot be decoded is nothing; the memory that is taken is bounded
// (serialization/stream/reader.h).
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "../../base/error.h"
#include "../../serialization/encode.h"

namespace manta::detail {

struct PayloadHead {
  std::uint32_t stream_size = 0;
  std::uint32_t buffer_count = 0;
};

// An encoded value in one piece.
std::vector<std::byte> join(const serialization::Encoded& encoded);
// Its parts, which lie in `bytes`; false: they exceed it.
bool split(std::span<const std::byte> bytes, std::span<const std::byte>& stream,
           std::vector<serialization::Buffer>& buffers);

template <class T>
std::vector<std::byte> pack(const T& value) {
  serialization::Encoded encoded;
  serialization::encode(value, encoded);
  return join(encoded);
}

template <class T>
std::optional<T> unpack(std::span<const std::byte> bytes) {
  std::span<const std::byte> stream;
  std::vector<serialization::Buffer> buffers;
  if (!split(bytes, stream, buffers)) return std::nullopt;
  try {
    return serialization::decode<T>(serialization::EncodedView(stream, buffers, {}));
  } catch (const SerializationError&) {
    return std::nullopt;
  }
}

}  // namespace manta::detail
