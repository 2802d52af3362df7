// A value as it travels between the processes of one node: in a lane, in a node ring, in a record.
//
//   ValueHeader | buffers: WireBuffer[] | references: WireReference[] | meta bytes | zero padding to 8
//
// The header is small because most values are: a call's argument that is an int takes 40 bytes, 16 of them the header.
// The size of the whole follows from it; the type's fingerprint is what `meta` begins with.
// `meta` is the stream of serialization/; buffers are ranges of the arena and are never copied. A stream of more than
// kMostMeta bytes does not follow: it lies in the store, as the last buffer (kMetaInBuffer), and is kept, counted and
// spilled as arrays are. A value whose wire form exceeds kMaxInlineValue all the same, because of its many buffers and
// references, is moved into a block of the store by its sender, and travels as a header with kExternal set and one
// buffer: the block that holds the bytes of its whole wire form.
//
// Invariants: WireReader checks all sizes before anything is read; the layout is that of one build.
// Units: bytes. Threads: plain data.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "../../base/id.h"

namespace manta::detail {

inline constexpr std::size_t kMaxInlineValue = 64 * 1024;

enum ValueFlag : std::uint32_t {
  kError = 1,     // meta is an encoded ErrorRecord: get() throws
  kExternal = 2,  // the one buffer holds the wire form of the value
  kList = 4,      // no value, but the header of `meta_size` of them, which follow (lane_messages.h)
  kMetaInBuffer = 8,  // the last buffer is the meta
};

struct ValueHeader {
  std::uint32_t flags = 0;      // ValueFlag
  std::uint32_t meta_size = 0;  // of a list header: the number of its values
  std::uint32_t buffer_count = 0;
  std::uint32_t reference_count = 0;
};

struct WireBuffer {
  std::uint64_t block = 0;   // arena offset of the block that holds it: what is counted
  std::uint64_t offset = 0;  // arena offset of the first byte
  std::uint64_t size = 0;
  // The object that it belongs to, for texts of errors; 0: none.
  std::uint64_t object_hi = 0, object_lo = 0;
};

struct WireReference {
  std::uint64_t kind = 0;  // serialization::RefKind
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;
};

inline constexpr std::size_t kMostMeta = kMaxInlineValue - sizeof(ValueHeader);

// docs/wire.md shows these bytes.
static_assert(sizeof(ValueHeader) == 16 && sizeof(WireBuffer) == 40 && sizeof(WireReference) == 24);

// The header that `bytes` begin with; check() fails when there is not so much.
ValueHeader value_header(std::span<const std::byte> bytes);

// Reads the parts of one wire value in place. Construction checks every size against `bytes`.
class WireReader {
 public:
  // check() fails on malformed bytes: whoever sent them is a process of this session, and broken.
  explicit WireReader(std::span<const std::byte> bytes);

  const ValueHeader& header() const { return header_; }
  std::span<const WireBuffer> buffers() const { return buffers_; }
  std::span<const WireReference> references() const { return references_; }
  std::span<const std::byte> meta() const { return meta_; }
  std::size_t size() const;  // of the whole wire form, padding included

 private:
  ValueHeader header_;
  std::span<const WireBuffer> buffers_;
  std::span<const WireReference> references_;
  std::span<const std::byte> meta_;
};

// Of a value with so many buffers and references, and so many bytes of meta.
constexpr std::size_t wire_size(std::size_t buffers, std::size_t references, std::size_t meta) {
  const std::size_t bytes = sizeof(ValueHeader) + buffers * sizeof(WireBuffer) +
                            references * sizeof(WireReference) + meta;
  return (bytes + 7) & ~std::size_t{7};
}

// Begins a value without buffers and references at `out`, which has wire_size(0, 0, meta_size) bytes: all but its meta,
// for which this gives the place.
inline std::byte* begin_plain(std::byte* out, std::size_t meta_size) {
  constexpr std::uint64_t kPadding = 0;
  const std::size_t size = wire_size(0, 0, meta_size);
  std::memcpy(out + size - sizeof kPadding, &kPadding, sizeof kPadding);
  const ValueHeader header{.meta_size = static_cast<std::uint32_t>(meta_size)};
  std::memcpy(out, &header, sizeof header);
  return out + sizeof header;
}

}  // namespace manta::detail
