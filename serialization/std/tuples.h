// Codecs of std::pair and std::tuple: the values in their order. An empty tuple is a zero byte.
#pragma once
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include "../codec/codec.h"

namespace manta::serialization {

template <class A, class B>
struct Codec<std::pair<A, B>> {
  using Pair = std::pair<A, B>;
  using First = std::remove_const_t<A>;
  using Parts = Types<First, B>;
  static constexpr TypeNode node() { return make_node<Pair, Parts>(); }

  static void write(Writer& writer, const Pair& value) {
    Codec<First>::write(writer, value.first);
    Codec<B>::write(writer, value.second);
  }
  static Pair read(Reader& reader) {
    First first = Codec<First>::read(reader);
    return Pair(std::piecewise_construct, std::forward_as_tuple(std::move(first)),
                std::forward_as_tuple(take<B>(reader)));
  }
  static void describe(TypeText& text) {
    describe_with(text, "tup", [&] {
      Codec<First>::describe(text);
      text.append(",");
      Codec<B>::describe(text);
    });
  }
};

template <class... T>
struct Codec<std::tuple<T...>> {
  using Tuple = std::tuple<T...>;
  using Parts = Types<std::remove_const_t<T>...>;
  static constexpr TypeNode node() { return make_node<Tuple, Parts>(); }

  static void write(Writer& writer, const Tuple& value) {
    if constexpr (sizeof...(T) == 0) {
      writer.fixed<std::uint8_t>(0);
    } else {
      std::apply(
          [&](const auto&... element) {
            (Codec<std::remove_cvref_t<decltype(element)>>::write(writer, element), ...);
          },
          value);
    }
  }
  static Tuple read([[maybe_unused]] Reader& reader) {
    if constexpr (sizeof...(T) == 0) {
      reader.raw(1);
      return Tuple();
    } else if constexpr (sizeof...(T) == 1) {
      return Tuple(Codec<std::remove_const_t<T>>::read(reader)...);
    } else {
      return Tuple{Codec<std::remove_const_t<T>>::read(reader)...};  // braces: left to right
    }
  }
  static void describe(TypeText& text) {
    describe_with(text, "tup", [&] {
      [[maybe_unused]] bool first = true;
      ((text.append(std::exchange(first, false) ? "" : ","),
        Codec<std::remove_const_t<T>>::describe(text)),
       ...);
    });
  }
};

}  // namespace manta::serialization
