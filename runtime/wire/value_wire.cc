#include "value_wire.h"

#include <cstring>

#include "../../base/check.h"

namespace manta::detail {

ValueHeader value_header(std::span<const std::byte> bytes) {
  base::check(bytes.size() >= sizeof(ValueHeader), "a value is cut off before its header");
  ValueHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  return header;
}

WireReader::WireReader(std::span<const std::byte> bytes) : header_(value_header(bytes)) {
  const std::size_t tables = std::size_t{header_.buffer_count} * sizeof(WireBuffer) +
                             std::size_t{header_.reference_count} * sizeof(WireReference);
  base::check(
      sizeof(ValueHeader) + tables + header_.meta_size <= bytes.size() && size() <= bytes.size(),
      "the sections of a value exceed its size");
  const std::byte* at = bytes.data() + sizeof(ValueHeader);
  buffers_ = {reinterpret_cast<const WireBuffer*>(at), header_.buffer_count};
  at += buffers_.size_bytes();
  references_ = {reinterpret_cast<const WireReference*>(at), header_.reference_count};
  at += references_.size_bytes();
  meta_ = {at, header_.meta_size};
}

std::size_t WireReader::size() const {
  return wire_size(header_.buffer_count, header_.reference_count, header_.meta_size);
}

}  // namespace manta::detail
