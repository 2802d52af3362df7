// Codec<T> is how a T is written, read and described. The runtime and the object store add their own
// by partial specialisation:
//
//   template <class T> struct Codec<Array<T>> {
//     using Parts = Types<T>;                            the types it is made of
//     static constexpr TypeNode node() { return make_node<Array<T>, Parts>(); }
//     static void write(Writer&, const Array<T>&);
//     static Array<T> read(Reader&);                     a prvalue, so that immovable types are built in place
//     static void describe(TypeText&);                   its canonical text
//   };
//
// A value takes at least one byte in the stream (but the elements of a payload may take none), so that counts
// are bounded by what is left.
// Threads: a codec has no state.   Errors: SerializationError.
#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "../stream/traced.h"
#include "../types/flat.h"
#include "../types/type_graph.h"
#include "../types/type_text.h"
#include "sequence.h"

namespace manta::serialization {

template <class T, Kind K>
struct BuiltIn {  // Kind::kRefused
  static constexpr TypeNode node() { return {.name = kTypeName<T>, .refusal = refusal_of<T>()}; }
};

template <class T>
struct Codec : BuiltIn<T, kKind<T>> {};

// Converts to a T, which is read at that moment: emplace(Reading<T>{r}) builds it in place.
template <class T>
struct Reading {
  Reader& reader;
  operator T() const { return Codec<T>::read(reader); }
};

// An argument for emplace(): the value, or, if T cannot move or moving it would be dear, what reads it in its place.
template <class T>
auto take(Reader& reader) {
  if constexpr (std::is_move_constructible_v<T> && kKind<T> != Kind::kAggregate) {
    return Codec<T>::read(reader);
  } else {
    return Reading<T>{reader};
  }
}

template <class T>
void describe(TypeText& text) {
  Codec<T>::describe(text);
}

template <class T>
struct BuiltIn<T, Kind::kBool> {
  static constexpr TypeNode node() { return {.name = kTypeName<T>}; }
  static void write(Writer& writer, const T& value) { writer.fixed<std::uint8_t>(value ? 1 : 0); }
  static T read(Reader& reader) { return reader.boolean(); }
  static void describe(TypeText& text) { text.append("bool"); }
};

template <class T>
constexpr std::string_view number_text() {
  if constexpr (std::is_same_v<T, char>) {
    return "char";
  } else if constexpr (std::is_same_v<T, wchar_t>) {
    return sizeof(wchar_t) == 4 ? "wchar32" : "wchar16";
  } else if constexpr (std::is_same_v<T, char8_t>) {
    return "char8";
  } else if constexpr (std::is_same_v<T, char16_t>) {
    return "char16";
  } else if constexpr (std::is_same_v<T, char32_t>) {
    return "char32";
  } else if constexpr (detail::is_float16<T>) {
    return "f16";
  } else if constexpr (detail::is_bfloat16<T>) {
    return "bf16";
  } else if constexpr (std::is_floating_point_v<T>) {
    return sizeof(T) == 4 ? "f32" : "f64";
  } else {
    constexpr std::string_view names[2][5] = {{"u8", "u16", "u32", "u64", "u128"},
                                              {"i8", "i16", "i32", "i64", "i128"}};
    return names[T(-1) < T(0) ? 1 : 0][std::countr_zero(sizeof(T))];
  }
}

template <class T>
struct BuiltIn<T, Kind::kNumber> {
  static constexpr TypeNode node() { return {.name = kTypeName<T>}; }
  static void write(Writer& writer, const T& value) { writer.fixed(value); }
  static T read(Reader& reader) { return reader.fixed<T>(); }
  static void describe(TypeText& text) { text.append(number_text<T>()); }
};

template <class T>
struct BuiltIn<T, Kind::kEnum> {
  using Underlying = std::underlying_type_t<T>;
  static constexpr TypeNode node() { return {.name = kTypeName<T>}; }
  static void write(Writer& writer, const T& value) {
    Codec<Underlying>::write(writer, static_cast<Underlying>(value));
  }
  static T read(Reader& reader) { return static_cast<T>(Codec<Underlying>::read(reader)); }
  static void describe(TypeText& text) {
    text.append("enum ");
    text.append(kShortName<T>);
    text.append(":");
    Codec<Underlying>::describe(text);
  }
};

// Members are written like values, but arrays (C arrays and std::array) have no count.
template <class M>
struct MemberCodec {
  static constexpr bool is_fixed = FixedArray<M>::value;

  static void write(Writer& writer, const M& member) {
    if constexpr (is_plain<M>) {
      writer.raw(std::addressof(member), sizeof(M));
    } else if constexpr (is_fixed) {
      for (const auto& element : member) {
        MemberCodec<std::remove_cvref_t<decltype(element)>>::write(writer, element);
      }
    } else {
      Codec<M>::write(writer, member);
    }
  }

  static void read_into(Reader& reader, M& member) {
    if constexpr (is_plain<M>) {
      std::memcpy(std::addressof(member), reader.raw(sizeof(M)), sizeof(M));
    } else if constexpr (is_fixed) {
      for (auto& element : member) {
        MemberCodec<std::remove_cvref_t<decltype(element)>>::read_into(reader, element);
      }
    } else {
      member = Codec<M>::read(reader);
    }
  }

  static void describe(TypeText& text) {
    if constexpr (is_fixed) {
      MemberCodec<std::remove_const_t<typename FixedArray<M>::Element>>::describe(text);
      text.append("[");
      text.append_number(FixedArray<M>::size);
      text.append("]");
    } else {
      Codec<M>::describe(text);
    }
  }
};

template <class M>
[[gnu::cold]] void write_traced_member(Writer& writer, const M& member, std::string_view name) {
  const Traced traced(writer, name, kTypeName<M>);
  if constexpr (kKind<M> == Kind::kAggregate && !FixedArray<M>::value) {
    Codec<M>::write(writer, member);  // shows its members, also if its bytes are its value
  } else {
    MemberCodec<M>::write(writer, member);
  }
}

// What the graph shows for a member: an array as a std::array of its elements, which are not const.
template <class M>
struct MemberPart {
  using type = M;
};
template <class E, std::size_t N>
struct MemberPart<E[N]> {
  using type = std::array<typename MemberPart<std::remove_const_t<E>>::type, N>;
};
template <class E, std::size_t N>
struct MemberPart<std::array<E, N>> : MemberPart<E[N]> {};

template <class T, class Members>
struct AggregateParts;
template <class T, class... M>
struct AggregateParts<T, Types<M...>> {
  using Parts = Types<typename MemberPart<std::remove_const_t<M>>::type...>;

  template <std::size_t... I>
  static constexpr std::array<std::string_view, sizeof...(M)> make_names(
      std::index_sequence<I...>) {
    return {kMemberName<T, I>...};
  }
  static constexpr std::array<std::string_view, sizeof...(M)> names =
      make_names(std::make_index_sequence<sizeof...(M)>{});

  // An array member takes one initializer for each element.
  template <class A>
  static constexpr std::size_t initializers() {
    if constexpr (std::is_array_v<A>) {
      return std::extent_v<A> * initializers<std::remove_extent_t<A>>();
    } else {
      return 1;
    }
  }
  static constexpr std::size_t total = (initializers<M>() + ... + 0);
  static constexpr bool has_arrays = (std::is_array_v<M> || ...);
  static constexpr bool assignable =
      (std::is_move_assignable_v<typename MemberPart<M>::type> && ...) &&
      !(std::is_const_v<std::remove_all_extents_t<M>> || ...);

  static void write(Writer& writer, const T& value) {
    visit_members(value, [&](const auto&... member) {
      (MemberCodec<std::remove_cvref_t<decltype(member)>>::write(writer, member), ...);
    });
  }

  [[gnu::cold]] static void write_traced(Writer& writer, const T& value) {
    const Traced object(writer, {}, kTypeName<T>);
    visit_members(value, [&](const auto&... member) {
      std::size_t i = 0;
      (write_traced_member(writer, member, names[i++]), ...);
    });
  }

  static void describe(TypeText& text) {
    std::size_t i = 0;
    ((text.member(names[i++]), MemberCodec<std::remove_const_t<M>>::describe(text)), ...);
  }
};

// Initializes an empty base.
struct EmptyBase {
  template <class B>
    requires std::is_empty_v<B>
  operator B() const {
    return B{};
  }
};
template <std::size_t>
using EmptyBaseAt = EmptyBase;

template <class M>
M read_member(Reader& reader);

template <class M, std::size_t... I>
M read_fixed_array([[maybe_unused]] Reader& reader, std::index_sequence<I...>) {
  using Element = typename FixedArray<M>::Element;
  if constexpr (is_plain<M>) {
    return load_flat<M>(reader.raw(sizeof(M)));
  } else if constexpr (sizeof...(I) > 16 && std::is_default_constructible_v<M> &&
                       std::is_move_assignable_v<Element>) {
    M array;
    MemberCodec<M>::read_into(reader, array);
    return array;
  } else {
    return M{(static_cast<void>(I), read_member<Element>(reader))...};
  }
}

template <class M>
M read_member(Reader& reader) {
  if constexpr (FixedArray<M>::value) {  // std::array
    return read_fixed_array<M>(reader, std::make_index_sequence<FixedArray<M>::size>{});
  } else {
    return Codec<M>::read(reader);
  }
}

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wmissing-braces"
#endif
// Makes T{member, ...} in order; each member is read where it will live.
template <class T, class... Flat>
struct AggregateMaker {
  template <std::size_t... Base>
  static T make([[maybe_unused]] Reader& reader, std::index_sequence<Base...>) {
    return T{EmptyBaseAt<Base>{}..., read_member<Flat>(reader)...};
  }
};
#ifdef __clang__
#pragma clang diagnostic pop
#endif

// The types of all initializers, with the elements of an array member one by one.
template <class T, class Flat, class... M>
struct Flattened;
template <class T, class... F>
struct Flattened<T, Types<F...>> {
  using type = AggregateMaker<T, F...>;
};
template <class T, class... F, class First, class... More>
struct Flattened<T, Types<F...>, First, More...>
    : Flattened<T, Types<F..., std::remove_const_t<First>>, More...> {};

template <class T, class Read, class E, class Indexes, class... More>
struct FlattenedArray;
template <class T, class... F, class E, std::size_t... I, class... More>
struct FlattenedArray<T, Types<F...>, E, std::index_sequence<I...>, More...>
    : Flattened<T, Types<F...>, std::enable_if_t<(I + 1 != 0), E>..., More...> {};
template <class T, class... F, class E, std::size_t N, class... More>
struct Flattened<T, Types<F...>, E[N], More...>
    : FlattenedArray<T, Types<F...>, E, std::make_index_sequence<N>, More...> {};

template <class T, class Members>
struct MakerOf;
template <class T, class... M>
struct MakerOf<T, Types<M...>> : Flattened<T, Types<>, M...> {};

template <class T>
struct BuiltIn<T, Kind::kAggregate> {
  using Members = AggregateParts<T, MemberTypes<T>>;
  using Parts = typename Members::Parts;

  static constexpr TypeNode node() {
    TypeNode node = make_node<T, Parts>();
    node.member_names = Members::names.data();
    return node;
  }

  static void write(Writer& writer, const T& value) {
    if constexpr (member_count<T> == 0) {
      writer.fixed<std::uint8_t>(0);
    } else if (writer.member_trace() != nullptr) [[unlikely]] {
      Members::write_traced(writer, value);
    } else if constexpr (is_plain<T>) {
      writer.fixed(value);
    } else {
      Members::write(writer, value);
    }
  }

  static T read(Reader& reader) {
    if constexpr (is_plain<T>) {
      return load_flat<T>(reader.raw(sizeof(T)));
    } else if constexpr (member_count<T> == 0) {
      reader.raw(1);
      return T{};
    } else if constexpr (Members::has_arrays && Members::assignable &&
                         std::is_default_constructible_v<T> && std::is_move_constructible_v<T>) {
      T value{};
      visit_members(value, [&](auto&... member) {
        (MemberCodec<std::remove_reference_t<decltype(member)>>::read_into(reader, member), ...);
      });
      return value;
    } else {
      return MakerOf<T, MemberTypes<T>>::type::make(reader,
                                                    std::make_index_sequence<count_bases<T>()>{});
    }
  }

  static void describe(TypeText& text) {
    if (text.begin_struct(&type_node<T>, kShortName<T>)) {
      Members::describe(text);
      text.end_struct();
    }
  }
};

}  // namespace manta::serialization
