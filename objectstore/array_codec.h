// How arrays travel: as sequences of flat elements (serialization/codec/sequence.h), so that a value written as an
// Array<T>, a MutableArray<T> or a std::vector<T> can be read as each of them. An Array is read as a view of the memory
// in which it arrived, a MutableArray as a copy.
//
// Invariants: arrays that lie in the store are not copied, but written as references to their blocks;
//             an Array that is written twice is read as one (same_storage).
// Errors:     SerializationError. Threads: as for the Array.
#pragma once
#include <cstddef>
#include <type_traits>
#include <utility>

#include "../serialization/codec/codec.h"
#include "array.h"

namespace manta::serialization {

// Elements whose members cannot be seen (unions, bit fields, packed and private ones) are bytes to Manta, because the
// author of the array says so by making one of them. Members that can be seen and cannot be bytes forbid it: pointers,
// views, what lives in this process.
constexpr bool forbids_bytes(const TypeNode& node) {
  switch (node.refusal) {
    case Refusal::kNone:
      return node.is_observer || node.is_shared;
    case Refusal::kUnion:
    case Refusal::kBases:
    case Refusal::kPrivate:
    case Refusal::kTooMany:
    case Refusal::kAnonymous:
    case Refusal::kUnaddressable:
    case Refusal::kVolatile:
      return false;
    default:
      return true;
  }
}

// Whether a T is not flat, but sent as bytes.
template <class T>
consteval bool is_raw_element() {
  constexpr Kind kind = kKind<T>;
  if constexpr (!std::is_trivially_copyable_v<T> || is_flat<T> || kind == Kind::kReduce ||
                kind == Kind::kExternal || kind == Kind::kDynamic) {
    return false;
  } else {
    return TypeWalk(type_node<T>).find(forbids_bytes) == TypeWalk::kMaxTypes;
  }
}

// What the codecs of both kinds of array have in common: how an array of T is described, and which T may be sent.
template <class A, class T>
struct ArrayCodec {
  static constexpr TypeNode node() {
    if constexpr (is_raw_element<T>()) {
      return {.name = kTypeName<A>};
    } else {
      TypeNode node = make_node<A, Types<T>>();
      if (!is_flat<T> && type_node<T>.refusal == Refusal::kNone) {
        node.refusal = Refusal::kElements;
      }
      return node;
    }
  }

  static void describe(TypeText& text) {
    if constexpr (is_raw_element<T>()) {
      text.append("seq<raw ");
      text.append(kShortName<T>);
      text.append(":");
      text.append_number(sizeof(T));
      text.append(">");
    } else {
      describe_sequence<T>(text);
    }
  }

  struct Parts {
    Buffer buffer;
    detail::Extents shape;
  };
  // Elements that are checked are looked at again at each mention of the array. That is charged, so that corrupt bytes
  // cannot make it take for ever.
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
    // Without a storage, so that it is copied: it may change.
    write_array(writer, array.shape(), array.data(), array.size() * sizeof(T), nullptr);
  }
  static MutableArray<T> read(Reader& reader) {
    auto parts = ArrayCodec<MutableArray<T>, T>::read_parts(reader);
    reader.charge(parts.buffer.size);
    return detail::ArrayAccess::copy_of<T>(reinterpret_cast<const T*>(parts.buffer.data),
                                           std::move(parts.shape));
  }
};

}  // namespace manta::serialization
