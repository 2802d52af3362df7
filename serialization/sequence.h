// Sequences of flat elements have one encoding, whatever holds them (std::vector, list, std::array,
// span, Array<T>), so that one can be written and another read:
//
//   extents   varint 2 n                         one dimension of n elements (every 1-d sequence)
//             varint 2 d + 1, then d varints     d dimensions; only an Array reads these
//   payload   as in writer.h; size: the product of the extents times sizeof(T)
//
// The codec of Array<T> is
//   write:     write_extents(w, shape); w.bytes(data, size_in_bytes, storage);
//   read:      Extents e = read_extents(r); Buffer b = r.bytes(e.byte_size<T>());
//              check_flat<T>(b.data, e.elements());            (bools; nothing for most T)
//   describe:  describe_sequence<T>(text);
// with is_flat<T> required. Sequences of other elements are 2 n, then the elements.
// Threads: confined.   Errors: SerializationError.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include <manta/serialization/flat.h>
#include <manta/serialization/reader.h>
#include <manta/serialization/type_text.h>
#include <manta/serialization/writer.h>

namespace manta::serialization {

template <class M>
struct MemberCodec;

// A sequence of `count` elements is read as one that has always `expected`.
[[noreturn]] void other_length(std::size_t count, std::size_t expected);

inline constexpr std::size_t kMaxDimensions = 32;

struct Extents {
  std::size_t dimensions = 1;
  std::size_t extent[kMaxDimensions];  // the first `dimensions` are set

  std::span<const std::size_t> shape() const { return {extent, dimensions}; }
  std::size_t elements() const;  // the product, which read_extents() has checked

  template <class T>
  std::size_t byte_size() const {
    std::size_t size = 0;
    if (__builtin_mul_overflow(elements(), sizeof(T), &size)) [[unlikely]] {
      Reader::fail("an array is longer than memory");
    }
    return size;
  }
};

void write_extents(Writer& writer, std::span<const std::size_t> shape);
inline void write_extent(Writer& writer, std::size_t count) { writer.varint(count * 2); }

// `first`: the varint at their beginning.
Extents read_extents(Reader& reader, std::uint64_t first);
inline Extents read_extents(Reader& reader) { return read_extents(reader, reader.varint()); }
// One dimension, of a length that no product with an element's size overflows.
inline bool is_short_extent(std::uint64_t first) {
  return (first & 1) == 0 && first < (std::uint64_t{1} << 40);
}
std::size_t read_long_extent(Reader& reader, std::uint64_t first);

// Of a one-dimensional sequence; refuses others.
inline std::size_t read_extent(Reader& reader) {
  const std::uint64_t first = reader.varint();
  if (is_short_extent(first)) [[likely]] {
    return static_cast<std::size_t>(first / 2);
  }
  return read_long_extent(reader, first);
}

// "seq<f64>"; flat elements that are arrays: "seq<f64[3]>"; with padding, their size: "seq<struct ...:16>";
// structs that are not flat although their members may be (hooks, a destructor): "seq<struct ...:each>".
template <class T>
void describe_sequence(TypeText& text) {
  text.append("seq<");
  if constexpr (is_flat<T>) {
    MemberCodec<T>::describe(text);
    if constexpr (kFlatness<T>.has_padding) {
      text.append(":");
      text.append_number(sizeof(T));
    }
  } else {
    Codec<T>::describe(text);
    constexpr bool is_struct = kKind<T> == Kind::kAggregate || kKind<T> == Kind::kMembers;
    if constexpr (is_struct && !FixedArray<T>::value) {
      text.append(":each");
    }
  }
  text.append(">");
}

// `count` flat elements in one block that lives as long as the value being written.
template <class T>
void write_flat_block(Writer& writer, const T* data, std::size_t count) {
  write_extent(writer, count);
  if constexpr (!kFlatness<T>.has_padding) {
    writer.borrowed(data, count * sizeof(T));
  } else if (count != 0) {
    auto copy = base::HeapStorage::create(count * sizeof(T));
    for (std::size_t i = 0; i < count; ++i) {
      copy_flat(copy->mutable_data() + i * sizeof(T), data[i]);
    }
    writer.bytes(copy->data(), copy->size(), copy);
  }
}

// `count` flat elements one by one.
template <class T, class Range>
void write_flat_elements(Writer& writer, const Range& range, std::size_t count) {
  write_extent(writer, count);
  if (count == 0) {
    return;
  }
  if (count * sizeof(T) < kVectorOutOfBand) {
    writer.varint(0);
    for (const auto& element : range) {
      copy_flat<T>(writer.reserve(sizeof(T)), element);
    }
  } else {
    auto copy = base::HeapStorage::create(count * sizeof(T));
    std::byte* to = copy->mutable_data();
    for (const auto& element : range) {
      copy_flat<T>(to, element);
      to += sizeof(T);
    }
    writer.bytes(copy->data(), copy->size(), copy);
  }
}

struct FlatBlock {
  const std::byte* data;
  std::size_t count;
  bool aligned;
};

// A one-dimensional sequence of flat elements, checked; valid as long as the reader's input.
template <class T>
FlatBlock read_flat_block(Reader& reader) {
  const std::size_t count = read_extent(reader);
  std::size_t size = 0;
  if (__builtin_mul_overflow(count, sizeof(T), &size)) [[unlikely]] {
    Reader::fail("a sequence is longer than memory");
  }
  const Reader::Payload payload = reader.payload(size);
  reader.charge(size);
  check_flat<T>(payload.data, count);
  return {payload.data, count, payload.aligned};
}

}  // namespace manta::serialization
