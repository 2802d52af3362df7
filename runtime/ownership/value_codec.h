// Values to and from their wire form (wire/value_wire.h), and the counting of what they refer to.
//
// A buffer's block travels with a mark of two bits in its offset: lent (the sender keeps it as long as the call lasts),
// given (the receiver owns it now), held (the node counts the receiver as a holder, once per mark).
// A value of a few bytes and nothing else stays in this process's memory, until those that it has exceed
// Arena::small_values_cap(): from then on new ones lie in the store, where they count (decision 029).
//
// Threads: any, unless stated. Errors: StoreError through throw_store_error, from store_parts() and value_of() only.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "../../objectstore/store.h"
#include "../wire/value_wire.h"
#include "value.h"

namespace manta::detail {

enum class BlockMark : std::uint64_t { kLent = 0, kGiven = 1, kHeld = 2 };

inline std::uint64_t marked(std::uint64_t offset, BlockMark mark) {
  return offset | static_cast<std::uint64_t>(mark);
}

// Moves borrowed buffers into the store, and a meta of more than kMostMeta bytes, as the last buffer; afterwards every
// buffer lies in a block. Gives the flags of the value. The caller's thread.
std::uint32_t store_parts(objectstore::Store& store, serialization::Encoded& encoded);
Value value_of(objectstore::Store& store, serialization::Encoded& encoded);
// A value that has nothing but its meta. It does not wait: what finds no room in the store stays out of it.
Value small_value(objectstore::Store& store, std::span<const std::byte> meta, std::uint32_t flags);

// Wire form of parts; `out` has wire_size(...) bytes. Buffers are written as lent.
std::size_t wire_size(const Value& value);
std::byte* write_wire(std::byte* out, const objectstore::Store& store,
                      std::span<const std::byte> meta,
                      std::span<const serialization::Buffer> buffers,
                      std::span<const serialization::Reference> references, std::uint32_t flags);
std::byte* write_wire(std::byte* out, const objectstore::Store& store, const Value& value);

// How the contents of a value arrive. lent: for the time of a call. held: references are counted by the node in our
// name, buffers as their marks say. counted: the node sent it, and counts us for each reference and buffer in it.
enum class Arrival { kLent, kHeld, kCounted };

// An empty ref or handle has no id.
WireReference wire_of(const serialization::Reference& reference);

}  // namespace manta::detail
