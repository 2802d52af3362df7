// Codecs of std::bitset, complex, chrono::duration and time_point. Known by name: their headers are not included.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../codec/codec.h"

namespace manta::serialization {

template <class T>
struct BuiltIn<T, Kind::kBitset> {
  static constexpr TypeNode node() { return {.name = kTypeName<T>}; }
  static constexpr std::size_t kBits = T().size();
  static constexpr std::size_t kBytes = kBits / 8 + 1;

  static void write(Writer& writer, const T& value) {
    std::byte* to = writer.reserve(kBytes);
    std::memset(to, 0, kBytes);
    for (std::size_t i = 0; i < kBits; ++i) {
      to[i / 8] |= static_cast<std::byte>((value[i] ? 1u : 0u) << (i % 8));
    }
  }
  static T read(Reader& reader) {
    const std::byte* from = reader.raw(kBytes);
    T value;
    for (std::size_t i = 0; i < kBits; ++i) {
      value[i] = (static_cast<unsigned>(from[i / 8]) >> (i % 8) & 1u) != 0;
    }
    return value;
  }
  static void describe(TypeText& text) {
    text.append("bits");
    text.append_number(kBits);
  }
};

template <class T>
struct BuiltIn<T, Kind::kComplex> {
  using Part = typename T::value_type;
  using Parts = Types<Part>;
  static constexpr TypeNode node() { return make_node<T, Parts>(); }
  static void write(Writer& writer, const T& value) {
    Codec<Part>::write(writer, value.real());
    Codec<Part>::write(writer, value.imag());
  }
  static T read(Reader& reader) {
    const Part real = Codec<Part>::read(reader);
    return T(real, Codec<Part>::read(reader));
  }
  static void describe(TypeText& text) {
    describe_with(text, "complex", [&] { Codec<Part>::describe(text); });
  }
};

template <class T>
struct BuiltIn<T, Kind::kDuration> {
  using Rep = typename T::rep;
  using Parts = Types<Rep>;
  static constexpr TypeNode node() { return make_node<T, Parts>(); }
  static void write(Writer& writer, const T& value) { Codec<Rep>::write(writer, value.count()); }
  static T read(Reader& reader) { return T(Codec<Rep>::read(reader)); }
  static void describe(TypeText& text) {
    describe_with(text, "duration", [&] {
      Codec<Rep>::describe(text);
      text.append(",");
      text.append_number(static_cast<std::uint64_t>(T::period::num));
      text.append("/");
      text.append_number(static_cast<std::uint64_t>(T::period::den));
    });
  }
};

template <class T>
struct BuiltIn<T, Kind::kTimePoint> {
  using Duration = typename T::duration;
  static constexpr std::string_view kClock = kShortName<typename T::clock>;
  using Parts = Types<Duration>;
  static constexpr TypeNode node() {
    TypeNode node = make_node<T, Parts>();
    node.refusal = kClock == "steady_clock" ? Refusal::kSteadyClock : Refusal::kNone;
    return node;
  }
  static void write(Writer& writer, const T& value) {
    Codec<Duration>::write(writer, value.time_since_epoch());
  }
  static T read(Reader& reader) { return T(Codec<Duration>::read(reader)); }
  static void describe(TypeText& text) {
    text.append(kClock);
    describe_with(text, "", [&] { Codec<Duration>::describe(text); });
  }
};

}  // namespace manta::serialization
