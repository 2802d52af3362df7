// Sequences of flat elements have one encoding, whatever holds them (std::vector, std::list, std::array,
// Array<T>), so that one can be written and another read:
//
//   extents   varint 2 n                         one dimension of n elements (every 1-d sequence)
//             varint 2 d + 1, then d varints     d <= 32 dimensions; only an Array reads these
//             varint 2 p + 67                    an array that was met before, with its payload: what the
//                                                extents and the payload say that stand at p in the stream
//   payload   as in writer.h; size: the product of the extents times sizeof(T)
//
// The codec of Array<T> is
//   write:     write_array(w, shape, data, size_in_bytes, storage);
//   read:      Extents e = read_extents(r); Buffer b = r.bytes(e.byte_size<T>());    (always both)
//              check_flat<T>(b.data, e.elements());            (checks bools; does nothing for most T)
//   describe:  describe_sequence<T>(text);
// with is_flat<T> required. Sequences of other elements are 2 n, then the elements.
// Threads: confined.   Errors: SerializationError.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "../stream/reader.h"
#include "../stream/writer.h"
#include "../types/flat.h"
#include "../types/type_text.h"

namespace manta::serialization {

template <class M>
struct MemberCodec;

// Throws, because a sequence of `count` elements is read as one that always has `expected`.
[[noreturn]] void other_length(std::size_t count, std::size_t expected);

// Whether an array of this shape has too many elements to be read, and so also to be made. Extents of 0 do not count,
// so that no product of some of the others overflows, either: an array without elements has such a shape, too.
bool has_too_many_elements(std::span<const std::size_t> shape);

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

inline void write_extent(Writer& writer, std::size_t count) { writer.varint(count * 2); }
// `storage` as in Writer::bytes().
void write_array(Writer& writer, std::span<const std::size_t> shape, const void* data,
                 std::size_t size, StorageRef storage);

// `first` is what Reader::extents() gave.
Extents read_extents(Reader& reader, std::uint64_t first);
inline Extents read_extents(Reader& reader) { return read_extents(reader, reader.extents()); }
// Whether it is one dimension, so short that no product with an element's size overflows.
inline bool is_short_extent(std::uint64_t first) {
  return (first & 1) == 0 && first < (std::uint64_t{1} << 40);
}
std::size_t long_extent(std::uint64_t first);

// The length of a one-dimensional sequence, given its first varint; others are refused.
inline std::size_t read_extent(std::uint64_t first) {
  return is_short_extent(first) ? static_cast<std::size_t>(first / 2) : long_extent(first);
}
inline std::size_t read_extent(Reader& reader) { return read_extent(reader.varint()); }

// "seq<f64>"; for flat elements that are arrays "seq<f64[3]>"; with padding the size is named, "seq<struct ...:16>";
// for structs that are not flat although their members may be (hooks, a destructor) "seq<struct ...:each>".
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
    constexpr bool is_struct =
        kKind<T> == Kind::kAggregate || kKind<T> == Kind::kMembers || kKind<T> == Kind::kCalendar;
    if constexpr (is_struct && !FixedArray<T>::value) {
      text.append(":each");
    }
  }
  text.append(">");
}

// Writes `count` flat elements that lie in one block, which lives as long as the value that is written.
template <class T>
void write_flat_block(Writer& writer, const T* data, std::size_t count) {
  if constexpr (!kFlatness<T>.has_padding) {
    write_extent(writer, count);
    writer.borrowed(data, count * sizeof(T));
  } else if (count != 0) {
    auto copy = base::HeapStorage::create(count * sizeof(T));
    for (std::size_t i = 0; i < count; ++i) {
      copy_flat(copy->mutable_data() + i * sizeof(T), data[i]);
    }
    write_array(writer, {&count, 1}, copy->data(), copy->size(), copy);
  } else {
    write_extent(writer, 0);
  }
}

// Writes `count` flat elements that do not lie in one block.
template <class T, class Range>
void write_flat_elements(Writer& writer, const Range& range, std::size_t count) {
  if (count == 0) {
    write_extent(writer, 0);
  } else if (count * sizeof(T) < kVectorOutOfBand) {
    write_extent(writer, count);
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
    write_array(writer, {&count, 1}, copy->data(), copy->size(), copy);
  }
}

struct FlatBlock {
  const std::byte* data;
  std::size_t count;
  bool aligned;
};

// Reads and checks a one-dimensional sequence of flat elements; the block is valid as long as the reader's input.
template <class T>
FlatBlock read_flat_block(Reader& reader) {
  const std::size_t count = read_extent(reader.extents());
  std::size_t size = 0;
  if (__builtin_mul_overflow(count, sizeof(T), &size)) [[unlikely]] {
    Reader::fail("a sequence is longer than memory");
  }
  const Reader::Payload payload = reader.payload(size);
  reader.charge(size);
  check_flat<T>(payload.data, count);
  return {payload.data, count, payload.aligned()};
}

}  // namespace manta::serialization
