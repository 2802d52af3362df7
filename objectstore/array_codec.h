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
#include <type_traits>
#include <utility>

#include "../serialization/codec/codec.h"
#include "array.h"

namespace manta::serialization {

// Elements whose members cannot be seen (unions, bit fields, packed and private ones) are bytes to Manta, as the array's
// author says by making an array of them. Seen is what cannot be bytes: pointers, views, what lives in this process.
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

// Not flat, but sent as bytes.
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

// What both have in common: how an array of T is described, and which T may be sent.
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
