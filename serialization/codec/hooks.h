// Codecs of types that say themselves how they travel: manta_members, manta_reduce (with
// manta_restore), serializer<T>, register_serializer.
//
//   members     like an aggregate's                  reduced    the state, nested by value
//   dynamic     fingerprint of the state (8 bytes), then the state
//
// Threads: as the user's functions.   Errors: SerializationError, and what those functions throw.
#pragma once
#include <cstddef>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include "codec.h"
#include "registry.h"
#include "settled.h"

namespace manta::serialization {

// ---- manta_members
template <class T>
inline constexpr std::size_t hook_member_count =
    std::tuple_size_v<std::remove_cvref_t<decltype(T::manta_members())>>;

template <class P>
struct PointedMember;
template <class C, class M>
struct PointedMember<M C::*> {
  using type = M;
};

// The name of the member to which "&Account::id_" points: "id_".
template <class T, std::size_t I>
inline constexpr std::string_view kHookMemberName =
    last_identifier(pretty_argument(pretty_value<std::get<I>(T::manta_members())>(), "V = "));

// No reference may lead to a packed or volatile member, so it is copied.
template <class T, class M>
inline constexpr bool is_copied_member =
    (std::is_volatile_v<M> && std::is_scalar_v<M>) ||
    (alignof(M) > alignof(T) && std::is_trivially_copyable_v<M> &&
     std::is_default_constructible_v<M>);

template <class M>
using CopiedMember = std::conditional_t<std::is_scalar_v<M>, std::remove_cv_t<M>, M>;

template <class T, class Holder, class M>  // Holder: T or a base of it
decltype(auto) hook_member(const T& value, M Holder::*member) {
  if constexpr (!is_copied_member<T, M>) {
    return static_cast<const M&>(value.*member);
  } else if constexpr (std::is_volatile_v<M>) {
    return CopiedMember<M>(value.*member);
  } else {
    M copy;
    std::memcpy(&copy, __builtin_addressof(value.*member), sizeof copy);
    return copy;
  }
}

template <class T, class Holder, class M>
void read_hook_member(Reader& reader, T& value, M Holder::*member) {
  if constexpr (!is_copied_member<T, M>) {
    MemberCodec<M>::read_into(reader, value.*member);
  } else {
    CopiedMember<M> copy;
    MemberCodec<CopiedMember<M>>::read_into(reader, copy);
    if constexpr (std::is_volatile_v<M>) {
      value.*member = copy;
    } else {
      std::memcpy(__builtin_addressof(value.*member), &copy, sizeof copy);
    }
  }
}

template <class T, class Indexes>
struct HookMembers;
template <class T, std::size_t... I>
struct HookMembers<T, std::index_sequence<I...>> {
  template <std::size_t J>
  using Member = CopiedMember<
      typename PointedMember<std::remove_cvref_t<decltype(std::get<J>(T::manta_members()))>>::type>;

  using Parts = Types<typename MemberPart<std::remove_const_t<Member<I>>>::type...>;
  static constexpr std::array<std::string_view, sizeof...(I)> names = {kHookMemberName<T, I>...};

  static void write([[maybe_unused]] Writer& writer, [[maybe_unused]] const T& value) {
    if constexpr (sizeof...(I) == 0) {
      writer.fixed<std::uint8_t>(0);
    }
    (MemberCodec<Member<I>>::write(writer, hook_member<T>(value, std::get<I>(T::manta_members()))),
     ...);
  }
  [[gnu::cold]] static void write_traced(Writer& writer, const T& value) {
    const Traced object(writer, {}, kTypeName<T>);
    (write_traced_member<std::remove_const_t<Member<I>>>(
         writer, hook_member<T>(value, std::get<I>(T::manta_members())), names[I]),
     ...);
  }
  static void read_into([[maybe_unused]] Reader& reader, [[maybe_unused]] T& value) {
    if constexpr (sizeof...(I) == 0) {
      reader.raw(1);
    }
    (read_hook_member<T>(reader, value, std::get<I>(T::manta_members())), ...);
  }
  static void describe(TypeText& text) {
    ((text.member(names[I]), MemberCodec<std::remove_const_t<Member<I>>>::describe(text)), ...);
  }
};

// False for the manta_members() of a base, which lists the base's members only.
template <class T>
consteval bool owns_members_hook() {
  const std::string_view text = pretty_argument(pretty_value<&T::manta_members>(), "V = ");
  const std::size_t end = text.rfind("::manta_members");
  return end == std::string_view::npos || kShortName<T>.empty() ||
         last_component(text.substr(0, end)).find(kShortName<T>) != std::string_view::npos;
}

template <class T>
struct BuiltIn<T, Kind::kMembers> {
  using Members = HookMembers<T, std::make_index_sequence<hook_member_count<T>>>;

  using Parts = typename Members::Parts;

  static constexpr TypeNode node() {
    TypeNode node = make_node<T, Parts>();
    node.member_names = Members::names.data();
    if constexpr (!owns_members_hook<T>()) {
      node.refusal = Refusal::kInheritedHook;
    } else if constexpr (!std::is_default_constructible_v<T>) {
      node.refusal = Refusal::kNotDefault;
    }
    return node;
  }
  static void write(Writer& writer, const T& value) {
    if (hook_member_count<T> != 0 && writer.member_trace() != nullptr) [[unlikely]] {
      Members::write_traced(writer, value);
    } else {
      Members::write(writer, value);
    }
  }
  static T read(Reader& reader) {
    T value = T();
    Members::read_into(reader, value);
    return value;
  }
  static void describe(TypeText& text) {
    if (text.begin_struct(&type_node<T>, kShortName<T>)) {
      Members::describe(text);
      text.end_struct();
    }
  }
};

// ---- manta_reduce
template <class T>
using ReducedState = std::remove_cvref_t<decltype(std::declval<const T&>().manta_reduce())>;

template <class T, class State>
struct Restorer {
  static constexpr bool by_function = requires(State state) { T::manta_restore(std::move(state)); };
  static decltype(auto) restore(State&& state) {
    if constexpr (by_function) {
      return T::manta_restore(std::move(state));
    } else {
      return T(std::move(state));
    }
  }
};

template <class T, class... S>
struct Restorer<T, std::tuple<S...>> {
  using State = std::tuple<S...>;
  static decltype(auto) restore(State&& state) {
    if constexpr (requires(S... s) { T::manta_restore(std::move(s)...); }) {
      return std::apply([](S&... s) -> decltype(auto) { return T::manta_restore(std::move(s)...); },
                        state);
    } else if constexpr (requires { T::manta_restore(std::move(state)); }) {
      return T::manta_restore(std::move(state));
    } else if constexpr (requires(S... s) { T(std::move(s)...); }) {
      return std::apply([](S&... s) { return T(std::move(s)...); }, state);
    } else {
      return T(std::move(state));
    }
  }
};

// Whether any of these makes a T again.
template <class T, class State>
inline constexpr bool restores_from =
    Restorer<T, State>::by_function || requires { T(std::declval<State>()); };
template <class T, class... S>
inline constexpr bool restores_from<T, std::tuple<S...>> =
    requires { T::manta_restore(std::declval<S>()...); } || requires {
      T::manta_restore(std::declval<std::tuple<S...>>());
    } || requires { T(std::declval<S>()...); } || requires { T(std::declval<std::tuple<S...>>()); };

// The type as which a T comes back: T, or what its manta_restore() returns.
template <class T>
struct RestoredType {
  using type = T;
};
template <class T>
  requires(kKind<T> == Kind::kReduce && restores_from<T, ReducedState<T>>)
struct RestoredType<T> {
  using type = std::remove_cvref_t<decltype(Restorer<T, ReducedState<T>>::restore(
      std::declval<ReducedState<T>>()))>;
};
template <class T>
using restored_t = typename RestoredType<T>::type;

template <class M>
struct MethodClass;
template <class C, class F>
struct MethodClass<F C::*> {
  using type = C;
};

template <class T>
consteval bool owns_reduce_hook() {
  if constexpr (requires { typename MethodClass<decltype(&T::manta_reduce)>::type; }) {
    return std::is_same_v<typename MethodClass<decltype(&T::manta_reduce)>::type, T>;
  } else {
    return true;  // it is overloaded, or a template
  }
}

// What travels in place of a T is the state that Hooks::reduce() gives; Hooks::restore() makes of it a Restored.
template <class T, class Hooks, class Restored = T>
struct ReducingCodec {
  using State = std::remove_cvref_t<decltype(Hooks::reduce(std::declval<const T&>()))>;
  using Parts = Types<State>;

  static void write(Writer& writer, const T& value) {
    const Writer::Nested nested(writer);
    const Writer::Temporary temporary(writer);
    const auto& state = Hooks::reduce(value);
    write_settled<State>(writer, state);
  }
  static Restored read(Reader& reader) {
    const Reader::Nested nested(reader);
    State state = read_settled<State>(reader);
    return Hooks::restore(std::move(state));
  }
  static void describe(TypeText& text) {
    if (text.begin_struct(&type_node<T>, kShortName<T>, "reduced")) {
      Codec<State>::describe(text);
      text.end_struct();
    }
  }
};

template <class T>
struct ReduceHooks : Restorer<T, ReducedState<T>> {
  static decltype(auto) reduce(const T& value) { return value.manta_reduce(); }
};
template <class T>
struct BuiltIn<T, Kind::kReduce> : ReducingCodec<T, ReduceHooks<T>, restored_t<T>> {
  static constexpr TypeNode node() {
    TypeNode node = make_node<T, Types<ReducedState<T>>>();
    if constexpr (!owns_reduce_hook<T>()) {
      node.refusal = Refusal::kInheritedHook;
    } else if constexpr (!restores_from<T, ReducedState<T>>) {
      node.refusal = Refusal::kNoRestore;
    } else if constexpr (!std::is_same_v<restored_t<T>, T>) {
      node.refusal = Refusal::kRestoresOther;
    }
    return node;
  }
};

// ---- serializer<T>
template <class T>
struct BuiltIn<T, Kind::kExternal> : ReducingCodec<T, serializer<T>> {
  using Parts = typename ReducingCodec<T, serializer<T>>::Parts;
  static constexpr TypeNode node() { return make_node<T, Parts>(); }
};

// ---- register_serializer
template <class T>
struct BuiltIn<T, Kind::kDynamic> {
  static constexpr TypeNode node() { return {.name = kTypeName<T>}; }
  static void write(Writer& writer, const T& value) {
    const auto codec = DynamicSlot<T>::get().load();
    if (codec == nullptr) {
      no_serializer(kTypeName<T>);
    }
    const Writer::Nested nested(writer);
    const Writer::Temporary temporary(writer);
    codec->write(writer, value);
  }
  static T read(Reader& reader) {
    const auto codec = DynamicSlot<T>::get().load();
    if (codec == nullptr) {
      no_serializer(kTypeName<T>);
    }
    const Reader::Nested nested(reader);
    return codec->read(reader);
  }
  static void describe(TypeText& text) {
    text.append("dynamic ");
    text.append(kShortName<T>);
  }
};

}  // namespace manta::serialization
