// Codecs of what holds one of several values, or none.
//
//   optional   0, or 1 and the value        variant   varint index, then the value
//   expected   1 and the value, or 0 and the error
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "../codec/codec.h"

namespace manta::serialization {

template <class T>
struct Codec<std::optional<T>> {
  using Optional = std::optional<T>;
  using Value = std::remove_const_t<T>;
  using Parts = Types<Value>;
  static constexpr TypeNode node() { return make_node<Optional, Parts>(); }

  static void write(Writer& writer, const Optional& value) {
    writer.fixed<std::uint8_t>(value.has_value() ? 1 : 0);
    if (value.has_value()) {
      Codec<Value>::write(writer, *value);
    }
  }
  static Optional read(Reader& reader) {
    if (!reader.boolean()) {
      return Optional();
    }
    return Optional(std::in_place, take<Value>(reader));
  }
  static void describe(TypeText& text) {
    describe_with(text, "opt", [&] { Codec<Value>::describe(text); });
  }
};

[[noreturn]] void valueless_variant();

template <class... T>
struct Codec<std::variant<T...>> {
  using Variant = std::variant<T...>;
  using Parts = Types<T...>;
  static constexpr TypeNode node() { return make_node<Variant, Parts>(); }

  static void write(Writer& writer, const Variant& value) {
    if (value.valueless_by_exception()) {
      valueless_variant();
    }
    writer.varint(value.index());
    std::visit(
        [&](const auto& alternative) {
          Codec<std::remove_cvref_t<decltype(alternative)>>::write(writer, alternative);
        },
        value);
  }
  static Variant read(Reader& reader) {
    const std::uint64_t index = reader.varint();
    if (index >= sizeof...(T)) {
      Reader::fail("a variant has no alternative of that index");
    }
    return kReaders[static_cast<std::size_t>(index)](reader);
  }
  static void describe(TypeText& text) {
    describe_with(text, "one", [&] {
      bool first = true;
      ((text.append(std::exchange(first, false) ? "" : "|"), Codec<T>::describe(text)), ...);
    });
  }

 private:
  template <std::size_t I>
  static Variant read_alternative(Reader& reader) {
    using Alternative = std::variant_alternative_t<I, Variant>;
    return Variant(std::in_place_index<I>, take<Alternative>(reader));
  }
  template <std::size_t... I>
  static constexpr auto make_readers(std::index_sequence<I...>) {
    return std::array<Variant (*)(Reader&), sizeof...(I)>{&read_alternative<I>...};
  }
  static constexpr auto kReaders = make_readers(std::index_sequence_for<T...>{});
};

template <class T>
struct BuiltIn<T, Kind::kExpected> {
  using Value = typename T::value_type;
  using Error = typename T::error_type;
  static constexpr bool holds_value = !std::is_void_v<Value>;
  using Parts = std::conditional_t<holds_value, Types<Value, Error>, Types<Error>>;
  static constexpr TypeNode node() { return make_node<T, Parts>(); }

  static void write(Writer& writer, const T& value) {
    writer.fixed<std::uint8_t>(value.has_value() ? 1 : 0);
    if (!value.has_value()) {
      Codec<Error>::write(writer, value.error());
    } else if constexpr (holds_value) {
      Codec<Value>::write(writer, *value);
    }
  }
  static T read(Reader& reader) {
    if (!reader.boolean()) {
      return T(typename T::unexpected_type(Codec<Error>::read(reader)));
    }
    if constexpr (holds_value) {
      return T(Codec<Value>::read(reader));
    } else {
      return T();
    }
  }
  static void describe(TypeText& text) {
    describe_with(text, "expected", [&] {
      if constexpr (holds_value) {
        Codec<Value>::describe(text);
      } else {
        text.append("void");
      }
      text.append("|");
      Codec<Error>::describe(text);
    });
  }
};

}  // namespace manta::serialization
