// What is known of callables at compile time: the result, the parameters, and how an argument meets its parameter.
//
// Threads: compile time; owned() and pass() are confined to the call.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "../../base/storage.h"
#include "../../objectstore/array_codec.h"
#include "../../serialization/bytes.h"
#include "../ownership/object_ref.h"
#include "../worker/text_parameter.h"

namespace manta::detail {

// ---- signatures
template <class... P>
struct Types {
  static constexpr std::size_t size = sizeof...(P);
};

template <class Pointer>
struct SignatureOf;
template <class R, class... P>
struct SignatureOf<R (*)(P...)> {
  using Result = R;
  using Parameters = Types<P...>;
  using Plain = R(P...);
};
template <class R, class... P>
struct SignatureOf<R (*)(P...) noexcept> : SignatureOf<R (*)(P...)> {};

template <class Member>
struct MemberSignature;
template <class F>
inline constexpr bool is_c_variadic_member = false;  // of a method such as R f(P..., ...)
#define MANTA_MEMBER_SIGNATURE(qualifiers)                                       \
  template <class R, class C, class... P>                                        \
  struct MemberSignature<R (C::*)(P...) qualifiers> : SignatureOf<R (*)(P...)> { \
    using Class = C;                                                             \
  };                                                                             \
  template <class R, class C, class... P>                                        \
  inline constexpr bool is_c_variadic_member<R (C::*)(P..., ...) qualifiers> = true;
#define MANTA_MEMBER_SIGNATURES(cv)    \
  MANTA_MEMBER_SIGNATURE(cv)           \
  MANTA_MEMBER_SIGNATURE(cv&)          \
  MANTA_MEMBER_SIGNATURE(cv&&)         \
  MANTA_MEMBER_SIGNATURE(cv noexcept)  \
  MANTA_MEMBER_SIGNATURE(cv& noexcept) \
  MANTA_MEMBER_SIGNATURE(cv&& noexcept)
MANTA_MEMBER_SIGNATURES()
MANTA_MEMBER_SIGNATURES(const)
MANTA_MEMBER_SIGNATURES(volatile)
MANTA_MEMBER_SIGNATURES(const volatile)
#undef MANTA_MEMBER_SIGNATURES
#undef MANTA_MEMBER_SIGNATURE

template <class F>
concept HasOneCallOperator = requires { &F::operator(); };

template <class F>
struct CallableSignature;
template <class F>
  requires std::is_pointer_v<F> && requires { typename SignatureOf<F>::Result; }
struct CallableSignature<F> : SignatureOf<F> {};
template <class F>
  requires HasOneCallOperator<F> &&
           requires { typename MemberSignature<decltype(&F::operator())>::Result; }
struct CallableSignature<F> : MemberSignature<decltype(&F::operator())> {};

template <class F>
inline constexpr bool is_c_variadic_function = false;
template <class R, class... P>
inline constexpr bool is_c_variadic_function<R (*)(P..., ...)> = true;
template <class R, class... P>
inline constexpr bool is_c_variadic_function<R (*)(P..., ...) noexcept> = true;
template <class F>
inline constexpr bool has_c_variadic_operator = false;
template <HasOneCallOperator F>
inline constexpr bool has_c_variadic_operator<F> = is_c_variadic_member<decltype(&F::operator())>;
template <class F>
concept CVariadic = is_c_variadic_function<F> || has_c_variadic_operator<F>;

template <class F>
concept KnownSignature = requires { typename CallableSignature<F>::Result; };

// ---- stored types: what becomes of a result or an argument while it travels and waits
template <class T>
struct StoredType {
  using type = std::remove_cvref_t<T>;
};
template <class T>
struct StoredType<MutableArray<T>> {
  using type = Array<T>;  // a mutable array that is returned or put is frozen
};
template <class T>
  requires std::is_same_v<std::decay_t<T>, char*> || std::is_same_v<std::decay_t<T>, const char*> ||
           std::is_same_v<T, std::string_view>
struct StoredType<T> {
  using type = std::string;
};
template <class T, std::size_t N>
struct StoredType<std::span<T, N>> {
  using type = Array<std::remove_cv_t<T>>;
};
template <class T>
using Stored = typename StoredType<std::remove_cvref_t<T>>::type;
// What arrives when a T is put, passed or returned: what a wrapper wraps, else the stored type.
template <class T>
using Restored = serialization::restored_t<Stored<T>>;
template <class T>
using RefTo = ObjectRef<Restored<T>>;

// The elements of a view as a value of its own, of the type that is stored for it.
inline std::string owned(std::string_view view) { return std::string(view); }
template <class T, std::size_t N>
Stored<std::span<T, N>> owned(const std::span<T, N>& view) {
  return array_from(view).freeze();
}

// The holder of a parameter: it is decoded before the call and lives as long as the call; pass() makes the parameter of
// it.
template <class P>
struct HolderType {
  using type = std::remove_cvref_t<P>;
};
template <>
struct HolderType<std::string_view> {
  using type = TextParameter;
};
template <>
struct HolderType<const char*> {
  using type = std::string;
};
template <class T, std::size_t N>
struct HolderType<std::span<T, N>> {
  using type = Array<std::remove_const_t<T>>;
};
template <class P>
using Holder = typename HolderType<std::remove_cvref_t<P>>::type;

// Throws SerializationError if they differ.
void check_extent(std::size_t size, std::size_t wanted);

template <class P, class H>
decltype(auto) pass(H& holder) {
  using Plain = std::remove_cvref_t<P>;
  if constexpr (std::is_same_v<Plain, const char*>) {
    return holder.c_str();
  } else if constexpr (!std::is_same_v<Plain, H>) {
    if constexpr (requires { holder.span(); }) {
      if constexpr (Plain::extent != std::dynamic_extent) {
        check_extent(holder.size(), Plain::extent);
      }
      return Plain(holder.span());
    } else {
      return Plain(holder);
    }
  } else if constexpr (std::is_lvalue_reference_v<P>) {
    return static_cast<const H&>(holder);
  } else {
    return std::move(holder);
  }
}

// ---- how an argument meets its parameter
template <class T>
struct IsRef : std::false_type {};
template <class T>
struct IsRef<ObjectRef<T>> : std::true_type {
  using Value = T;
};
template <class T>
struct IsRefList : std::false_type {};
template <class T, class A>
struct IsRefList<std::vector<ObjectRef<T>, A>> : std::true_type {
  using Value = T;
};
template <class T>
struct IsVector : std::false_type {};
template <class T, class A>
struct IsVector<std::vector<T, A>> : std::true_type {
  using Element = T;
};
template <class T>
struct IsMutableArray : std::false_type {};
template <class T>
struct IsMutableArray<MutableArray<T>> : std::true_type {
  using Element = T;
};

// A U is what a MutableArray H travels as.
template <class U, class H>
inline constexpr bool travels_as_array = false;
template <class U, class H>
  requires IsMutableArray<H>::value
inline constexpr bool travels_as_array<U, H> =
    std::is_same_v<U, Array<typename IsMutableArray<H>::Element>> ||
    std::is_same_v<U, std::vector<typename IsMutableArray<H>::Element>>;

// A U and an H are encoded alike.
template <class U, class H>
inline constexpr bool same_encoding =
    std::is_same_v<U, H> || one_encoding<U, H> || travels_as_array<U, H>;
// A U travels in its own way and comes back as an H: see serialization/codec/restore.h.
template <class U, class H>
inline constexpr bool comes_back_as =
    serialization::is_wrapper<U> && std::is_same_v<serialization::restored_t<U>, H>;
// A U that is written as it is can be read as an H.
template <class U, class H>
inline constexpr bool is_read_as = same_encoding<U, H> || comes_back_as<U, H>;
template <class U, class P>
inline constexpr bool meets_parameter =
    same_encoding<U, Holder<P>> || std::is_convertible_v<U, Holder<P>>;

// How an argument meets its parameter (remote.h): as a value, as a value of the same encoding, as a ref that is
// resolved, as a vector of refs that are resolved, or not at all.
enum class Passing { kValue, kEncodedAs, kReference, kList, kMismatch };

template <class A, class P>
consteval Passing passing() {
  using Plain = std::remove_cvref_t<A>;
  if constexpr (std::is_convertible_v<A, std::remove_cvref_t<P>> ||
                std::is_convertible_v<A, Holder<P>>) {
    return Passing::kValue;
  } else if constexpr (is_read_as<Plain, Holder<P>>) {
    return Passing::kEncodedAs;
  } else if constexpr (IsRef<Plain>::value) {
    return meets_parameter<typename IsRef<Plain>::Value, P> ? Passing::kReference
                                                            : Passing::kMismatch;
  } else if constexpr (IsRefList<Plain>::value && IsVector<std::remove_cvref_t<P>>::value) {
    using Element = typename IsVector<std::remove_cvref_t<P>>::Element;
    return meets_parameter<typename IsRefList<Plain>::Value, Element> ? Passing::kList
                                                                      : Passing::kMismatch;
  } else {
    return Passing::kMismatch;
  }
}

// What the worker decodes for a parameter P if the caller has passed an A: a tag with which a stub is instantiated.
template <class U>
struct Decode {
  using Encoded = U;
};
template <class U>
struct DecodeList {
  using Encoded = U;
};

template <class A, class P>
struct PlanOf {
  static consteval auto make() {
    using Plain = std::remove_cvref_t<A>;
    constexpr Passing how = passing<A, P>();
    if constexpr (how == Passing::kReference) {
      using U = typename IsRef<Plain>::Value;
      return Decode<std::conditional_t<same_encoding<U, Holder<P>>, Holder<P>, U>>{};
    } else if constexpr (how == Passing::kList) {
      return DecodeList<typename IsRefList<Plain>::Value>{};
    } else {
      return Decode<Holder<P>>{};
    }
  }
  using type = decltype(make());
};
template <class A, class P>
using Plan = typename PlanOf<A, P>::type;

}  // namespace manta::detail
