#include "payload.h"

namespace manta::detail {

std::vector<std::byte> join(const serialization::Encoded& encoded) {
  const PayloadHead head{.stream_size = static_cast<std::uint32_t>(encoded.meta.size()),
                         .buffer_count = static_cast<std::uint32_t>(encoded.buffers.size())};
  std::size_t size = sizeof head + encoded.meta.size();
  for (const auto& buffer : encoded.buffers) size += sizeof(std::uint64_t) + buffer.size;
  std::vector<std::byte> bytes(size);
  std::byte* out = bytes.data();
  const auto put = [&out](const void* from, std::size_t count) {
    if (count != 0) std::memcpy(out, from, count);
    out += count;
  };
  put(&head, sizeof head);
  for (const auto& buffer : encoded.buffers) {
    const std::uint64_t buffer_size = buffer.size;
    put(&buffer_size, sizeof buffer_size);
  }
  put(encoded.meta.data(), encoded.meta.size());
  for (const auto& buffer : encoded.buffers) put(buffer.data, buffer.size);
  return bytes;
}

bool split(std::span<const std::byte> bytes, std::span<const std::byte>& stream,
           std::vector<serialization::Buffer>& buffers) {
  PayloadHead head;
  if (bytes.size() < sizeof head) return false;
  std::memcpy(&head, bytes.data(), sizeof head);
  bytes = bytes.subspan(sizeof head);
  const std::size_t sizes = std::size_t{head.buffer_count} * sizeof(std::uint64_t);
  if (bytes.size() < sizes || bytes.size() - sizes < head.stream_size) return false;
  stream = bytes.subspan(sizes, head.stream_size);
  std::span<const std::byte> rest = bytes.subspan(sizes + head.stream_size);
  for (std::size_t i = 0; i < head.buffer_count; ++i) {
    std::uint64_t size = 0;
    std::memcpy(&size, bytes.data() + i * sizeof size, sizeof size);
    if (size > rest.size()) return false;
    buffers.push_back({.data = rest.data(), .size = static_cast<std::size_t>(size)});
    rest = rest.subspan(static_cast<std::size_t>(size));
  }
  return rest.empty();
}

}  // namespace manta::detail
