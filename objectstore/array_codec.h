// How arrays travel: as sequences of flat elements (serialization/sequence.h), so that Array<T>,
// MutableArray<T> and std::vector<T> stand for each other. An Array is read as a view of the memory
// it arrived in, a MutableArray as a copy.
//
// Invariants: arrays that lie in the store are written as references to their blocks, not copied;
//             an Array that is written twice is read as one (same_storage).
// Errors:     SerializationError. Threads: as the Array.
#pragma once
#include <cstddef>
#include <span>
#include <utility>

#include <manta/objectstore/array.h>
#include <manta/serialization/codec.h>

namespace manta::serialization {

// What both have in common: how an array of T is described, and which T may be sent.
template <class A, class T>
struct ArrayCodec {
  static constexpr TypeNode node() {
    TypeNode node = make_node<A, Types<T>>();
    if (!is_flat<T> && type_node<T>.refusal == Refusal::kNone) {
      node.refusal = Refusal::kElements;
    }
    return node;
  }

  static void describe(TypeText& text) { describe_sequence<T>(text); }

  struct Parts {
    Buffer buffer;
    detail::Extents shape;
  };
  // Elements that are checked are looked at again at each mention of the array: charged, so that there is an end.
  static Parts read_parts(Reader& reader) {
    const std::uint64_t first = reader.extents();
    if (is_short_extent(first) && sizeof(T) < std::size_t{1} << 20) [[likely]] {
      const auto count = static_cast<std::size_t>(first / 2);
      Buffer buffer = reader.bytes(count * sizeof(T));
      check(reader, buffer, count);
      return {std::move(buffer), detail::Extents(count)};
    }
    const Extents extents = read_extents(reader, first);
    Buffer buffer = reader.bytes(extents.byte_size<T>());
    check(reader, buffer, extents.elements());
    return {std::move(buffer), detail::Extents(extents.shape())};
  }

 private:
  static void check(Reader& reader, const Buffer& buffer, std::size_t elements) {
    if constexpr (kFlatness<T>.has_bool) {
      reader.charge(buffer.size);
      check_flat<T>(buffer.data, elements);
    }
  }
};

template <class T>
struct Codec<Array<T>> : ArrayCodec<Array<T>, T> {
  static void write(Writer& writer, const Array<T>& array) {
    write_array(writer, array.shape(), array.data(), array.size() * sizeof(T),
                detail::ArrayAccess::storage(array));
  }
  static Array<T> read(Reader& reader) {
    auto parts = ArrayCodec<Array<T>, T>::read_parts(reader);
    return detail::ArrayAccess::view<T>(std::move(parts.buffer.storage), parts.buffer.data,
                                        std::move(parts.shape));
  }
};

template <class T>
struct Codec<MutableArray<T>> : ArrayCodec<MutableArray<T>, T> {
  static void write(Writer& writer, const MutableArray<T>& array) {
    write_array(writer, array.shape(), array.data(), array.size() * sizeof(T),
                nullptr);  // it may change: to be copied
  }
  static MutableArray<T> read(Reader& reader) {
    auto parts = ArrayCodec<MutableArray<T>, T>::read_parts(reader);
    reader.charge(parts.buffer.size);
    return detail::ArrayAccess::copy_of<T>(reinterpret_cast<const T*>(parts.buffer.data),
                                           std::move(parts.shape));
  }
};

}  // namespace manta::serialization
