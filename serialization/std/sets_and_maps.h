// Codecs of sets and maps, with an order or with buckets: a count, then the elements.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include "../codec/codec.h"
#include "../codec/settled.h"
#include "container_state.h"

namespace manta::serialization {

inline void write_count(Writer& writer, std::size_t count) { writer.varint(count); }

template <class T>
concept UniqueKeys =
    requires(T& c, typename T::node_type node) { c.insert(std::move(node)).inserted; };

template <class T>
void reserve_buckets(T& container, std::size_t count) {
  if constexpr (HasBuckets<T>) {
    container.reserve(count);  // the caller has charged it
  }
}

// What keys point to must have been read before the container, if they hold shared pointers and are not compared or
// hashed by address.
template <class Key>
inline constexpr bool is_shared_ptr = false;
template <class P>
inline constexpr bool is_shared_ptr<std::shared_ptr<P>> = true;

template <class T>
consteval bool default_order() {
  using Key = typename T::key_type;
  if constexpr (HasBuckets<T>) {
    return std::is_same_v<typename T::hasher, std::hash<Key>> &&
           std::is_same_v<typename T::key_equal, std::equal_to<Key>>;
  } else {
    using Compare = typename T::key_compare;
    return std::is_same_v<Compare, std::less<Key>> || std::is_same_v<Compare, std::less<>> ||
           std::is_same_v<Compare, std::greater<Key>>;
  }
}

template <class T>
inline constexpr bool settles_keys = !(is_shared_ptr<typename T::key_type> && default_order<T>());

template <class T>
void write_key(Writer& writer, const typename T::key_type& key) {
  if constexpr (settles_keys<T>) {
    write_settled<typename T::key_type>(writer, key);
  } else {
    Codec<typename T::key_type>::write(writer, key);
  }
}

template <class T>
typename T::key_type read_key(Reader& reader) {
  if constexpr (settles_keys<T>) {
    return read_settled<typename T::key_type>(reader);
  } else {
    return Codec<typename T::key_type>::read(reader);
  }
}

// ":settled" says that what a shared_ptr key points to stands behind the key.
template <class T>
void describe_key(TypeText& text) {
  Codec<typename T::key_type>::describe(text);
  if constexpr (is_shared_ptr<typename T::key_type> && settles_keys<T>) {
    text.append(":settled");
  }
}

// A set has keys, a map keys and what each is Mapped to.
template <class T, class... Mapped>
struct KeyedCodec {
  using Key = typename T::key_type;
  using Parts = ContainerParts<T, Key, Mapped...>;
  static constexpr bool is_map = sizeof...(Mapped) != 0;
  static constexpr TypeNode node() { return container_node<T, Key, Mapped...>(); }

  static void write(Writer& writer, const T& value) {
    const Writer::Nested nested(writer);
    write_state(writer, value);
    write_count(writer, value.size());
    for (const auto& element : value) {
      if constexpr (is_map) {
        write_key<T>(writer, element.first);
        (Codec<Mapped>::write(writer, element.second), ...);
      } else {
        write_key<T>(writer, element);
      }
    }
  }

  static T read(Reader& reader) {
    const Reader::Nested nested(reader);
    T value = read_empty<T>(reader);
    const std::size_t count = reader.count();
    reader.charge(count * ((sizeof(Key) + ... + sizeof(Mapped)) + 4 * sizeof(void*)));
    reserve_buckets(value, count);
    for (std::size_t i = 0; i < count; ++i) {
      if constexpr (is_map) {
        // Not both in one call: the order of reading arguments is not the order of writing.
        Key key = read_key<T>(reader);
        value.emplace_hint(value.end(), std::piecewise_construct,
                           std::forward_as_tuple(std::move(key)),
                           std::forward_as_tuple(take<Mapped>(reader)...));
      } else {
        value.emplace_hint(value.end(), read_key<T>(reader));
      }
    }
    if (value.size() != count) {
      Reader::fail(is_map ? "a map holds a key twice" : "a set holds an element twice");
    }
    return value;
  }

  static void describe(TypeText& text) {
    constexpr const char* kUnique = is_map ? "map" : "set";
    constexpr const char* kMulti = is_map ? "multimap" : "multiset";
    describe_container<T>(text, [&] {
      describe_with(text, UniqueKeys<T> ? kUnique : kMulti, [&] {
        describe_key<T>(text);
        ((text.append(","), Codec<Mapped>::describe(text)), ...);
      });
    });
  }
};

template <class T>
struct BuiltIn<T, Kind::kSet> : KeyedCodec<T> {};
template <class T>
struct BuiltIn<T, Kind::kMap> : KeyedCodec<T, typename T::mapped_type> {};

}  // namespace manta::serialization
