// Codecs of std::basic_string and of std::filesystem::path, which travels as the string of its native form.
//
//   string    2 n, then n characters; from 4 KiB on 2 n + 1, then the index of a buffer
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

#include "../codec/codec.h"
#include "container_state.h"

namespace manta::serialization {

template <class C, class Traits, class Allocator>
struct Codec<std::basic_string<C, Traits, Allocator>> {
  using String = std::basic_string<C, Traits, Allocator>;
  using Parts = ContainerParts<String, C>;
  static constexpr TypeNode node() { return container_node<String, C>(); }

  static void write(Writer& writer, const String& value) {
    write_state(writer, value);
    const std::size_t size = value.size() * sizeof(C);
    if (size >= kVectorOutOfBand) {
      writer.varint(2 * value.size() + 1);
      writer.varint(writer.add_buffer(value.data(), size, {}));
    } else {
      writer.varint(2 * value.size());
      writer.raw(value.data(), size);
    }
  }

  static String read(Reader& reader) {
    const auto memory = read_allocator<Allocator>(reader);
    const std::uint64_t first = reader.varint();
    const std::uint64_t count = first / 2;
    if (count > (std::uint64_t{1} << 60)) [[unlikely]] {
      Reader::fail("a string is longer than memory");
    }
    const std::size_t size = static_cast<std::size_t>(count) * sizeof(C);
    if ((first & 1) == 0) {
      const std::byte* bytes = reader.raw(size);
      if constexpr (sizeof(C) == 1) {
        return String(reinterpret_cast<const C*>(bytes), size, memory);
      } else {
        String value(static_cast<std::size_t>(count), C(), memory);
        std::memcpy(value.data(), bytes, size);
        return value;
      }
    }
    const std::byte* bytes = reader.buffer(reader.varint(), size).data;
    reader.charge(size);
    return String(reinterpret_cast<const C*>(bytes), static_cast<std::size_t>(count), memory);
  }

  static void describe(TypeText& text) {
    describe_container<String>(text, [&] {
      if constexpr (std::is_same_v<C, char>) {
        text.append("str8");
      } else {
        describe_with(text, "str", [&] { Codec<C>::describe(text); });
      }
    });
  }
};

template <class T>
struct BuiltIn<T, Kind::kPath> {
  using String = typename T::string_type;
  static constexpr TypeNode node() { return {.name = kTypeName<T>}; }
  static void write(Writer& writer, const T& value) {
    Codec<String>::write(writer, value.native());
  }
  static T read(Reader& reader) { return T(Codec<String>::read(reader)); }
  static void describe(TypeText& text) { Codec<String>::describe(text); }
};

}  // namespace manta::serialization
