// The members of an aggregate, without a line of code by its author: how many there are, their
// types, names, and references to them.
//
//   struct Point { double x, y; };
//   member_count<Point> == 2;   member_name<Point, 0>() == "x";
//   visit_members(point, [](auto&... member) { ... });
//
// How: members are counted by trying how many initializers the aggregate takes (an AnyInit converts
// to everything), bound by structured bindings, and named by printing a pointer to a member of an
// object that is declared but never defined. C arrays take as many initializers as they have
// elements (brace elision), so that each one is found by what `{}` in its place leaves for the others.
// Limits: kMaxMembers members. Some aggregates cannot be reflected, and that is found out here, before data is lost:
// those with non-empty bases, reference members, members that nothing converts to, bit fields, packed, volatile,
// flexible and anonymous members. See `reflection_of`.
// Threads: everything is computed at compile time.
#pragma once
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "count_members.h"
#include "reflect_bind.h"
#include "type_name.h"

namespace manta::serialization {

template <class... T>
struct Types {
  static constexpr std::size_t size = sizeof...(T);
};

// Whether U is the type of a member without a name, whose own members look like its parent's. GCC has taken its
// constructors away, and Clang calls it anonymous; a named member of an unnamed type keeps them, and is "unnamed".
template <class U>
consteval bool is_anonymous() {
  if constexpr (!std::is_class_v<U> && !std::is_union_v<U>) {
    return false;
  } else {
#ifdef __clang__
    constexpr std::string_view kInside = last_brackets(kTypeName<U>);
    return kInside.starts_with("anonymous struct at") || kInside.starts_with("anonymous union at");
#else
    return last_brackets(kTypeName<U>).starts_with("unnamed ") &&
           !std::is_default_constructible_v<U> && !std::is_move_constructible_v<U> &&
           !std::is_move_assignable_v<U>;
#endif
  }
}

#ifdef __clang__
struct AnonymousInit {
  template <class U>
    requires(is_anonymous<U>())
  operator U() const noexcept;
};

template <class T, std::size_t... I, std::size_t... J>
consteval bool takes_anonymous(std::index_sequence<I...>, std::index_sequence<J...>) {
  return requires { T{AnyAt<I>{}..., AnonymousInit{}, AnyAt<J>{}...}; };
}

// Looks where members begin only: Clang folds no more than 256 alternatives, and a member may be an array of more.
template <class T, std::size_t Max, std::size_t I = 0, std::size_t Count = 0>
consteval bool has_anonymous_member() {
  if constexpr (I >= Max || Count > kMaxMembers) {
    return false;
  } else if constexpr (takes_anonymous<T>(std::make_index_sequence<I>{},
                                          std::make_index_sequence<Max - I - 1>{})) {
    return true;
  } else {
    return has_anonymous_member<T, Max, I + extent_at<T, I, Max>(), Count + 1>();
  }
}
#else
// Initializes members that have a name; for others the deleted conversion is the better one.
struct NamedInit {
  template <class U>
  operator U() const noexcept;
  template <class U>
    requires(is_anonymous<U>())
  operator U() const noexcept = delete;
};
template <std::size_t>
using NamedAt = NamedInit;

template <class T, std::size_t Max>
consteval bool has_anonymous_member() {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    return !requires { T{NamedAt<I>{}...}; };
  }(std::make_index_sequence<Max>{});
}
#endif

struct CollectTypes {
  template <class... M>
  constexpr Types<M...> operator()(M&...) const {
    return {};
  }
};

template <class T, std::size_t Count>
using BoundTypes = decltype(bind_members<Count>(std::declval<T&>(), CollectTypes{}));

constexpr std::size_t next_aligned(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }

// Whether some member is not where its alignment wants it, so that no reference may lead to it.
template <class T, class... M>
consteval bool is_packed(Types<M...>) {
  std::size_t natural = 0;
  ((natural = next_aligned(natural, alignof(M)) + sizeof(M)), ...);
  constexpr bool no_space_shared = std::is_standard_layout_v<T> && !(std::is_empty_v<M> || ...);
  return ((alignof(M) > alignof(T)) || ...) || (no_space_shared && natural > sizeof(T));
}

enum class Reflection {
  kYes,
  kNoAggregate,    // private members, constructors, virtual functions
  kBases,          // non-empty bases: their members would be lost
  kTooMany,        // it has too many members or array elements
  kAnonymous,      // a union or struct without a name
  kUnaddressable,  // a bit field, a packed member
  kVolatile,
  kFlexible,  // its last member is an array without a length
  kOpaque,    // a member takes no initializer of its own: a reference, or it converts from anything
};

struct Reflected {
  Reflection outcome = Reflection::kYes;
  std::size_t members = 0;
};

// For a class of Count members that have names.
template <class T, std::size_t Count>
consteval Reflected reflect_members() {
  if constexpr (requires { std::tuple_size<T>::value; }) {  // std::array binds elements
    return {Reflection::kYes, Count};
  } else if constexpr (std::is_same_v<BoundTypes<T, Count>, Unbindable>) {
    return {Reflection::kUnaddressable, 0};
  } else {
    return []<class... M>(Types<M...> types) -> Reflected {
      if (is_packed<T>(types)) {
        return {Reflection::kUnaddressable, 0};
      }
      if ((std::is_volatile_v<std::remove_all_extents_t<M>> || ...)) {
        return {Reflection::kVolatile, 0};
      }
      return {Reflection::kYes, Count};
    }(BoundTypes<T, Count>{});
  }
}

template <class T, std::size_t I, std::size_t End>
consteval bool has_non_empty_base() {
  if constexpr (I >= End) {
    return false;
  } else if constexpr (takes_base<T, NonEmptyBaseInit<T>>(std::make_index_sequence<I>{})) {
    return true;
  } else {
    return has_non_empty_base<T, I + 1, End>();
  }
}

template <class T>
consteval Reflected reflect() {
  if constexpr (!std::is_aggregate_v<T> || std::is_array_v<T> || std::is_union_v<T>) {
    return {Reflection::kNoAggregate, 0};
  } else if constexpr (std::is_empty_v<T>) {
    return {Reflection::kYes, 0};
  } else {
    constexpr std::size_t kMax = max_initializers<T>();
    if constexpr (kMax == kNoCount) {
      return {takes_members<T, 0> ? Reflection::kTooMany : Reflection::kOpaque, 0};
    } else if constexpr (takes_and_braces<T>(std::make_index_sequence<kMax>{})) {
      return {has_flexible_member<T, kMax>() ? Reflection::kFlexible : Reflection::kOpaque, 0};
    } else if constexpr (has_anonymous_member<T, kMax>()) {
      return {Reflection::kAnonymous, 0};
    } else {
      constexpr std::size_t kBases = count_bases<T>();
      if constexpr (has_non_empty_base<T, 0, kBases>()) {
        return {Reflection::kBases, 0};
      } else if constexpr (has_flexible_member<T, kMax>()) {
        return {Reflection::kFlexible, 0};
      } else {
        constexpr std::size_t kCount = count_members<T, kBases, kMax>();
        if constexpr (kCount > kMaxMembers) {  // kNoCount, too
          return {Reflection::kTooMany, 0};
        } else {
          return reflect_members<T, kCount>();
        }
      }
    }
  }
}

template <class T>
inline constexpr Reflected reflection_of = reflect<T>();

template <class T>
inline constexpr std::size_t member_count = reflection_of<T>.members;

// f(member...) with references to all members of `object`, in order.
template <class T, class F>
constexpr decltype(auto) visit_members(T& object, F&& f) {
  return bind_members<member_count<std::remove_const_t<T>>>(object, static_cast<F&&>(f));
}

// The types of the members, as they are declared: arrays and const included.
template <class T>
using MemberTypes = BoundTypes<T, member_count<T>>;

#pragma GCC diagnostic push
#ifdef __clang__
#pragma GCC diagnostic ignored "-Wundefined-var-template"
#pragma GCC diagnostic ignored "-Wundefined-internal"
#endif
template <class T>
struct Held {
  T value;
  ~Held();
};

template <class T>
struct Undefined {
  static const Held<T> object;
};

// A pointer to a member of an object that exists in name only: a constant that the compiler can print.
template <class P>
struct MemberAddress {
  P pointer;
};
template <class P>
MemberAddress(P) -> MemberAddress<P>;

template <std::size_t I, class First, class... More>
constexpr auto* nth_address(First& first, More&... more) {
  if constexpr (I == 0) {
    return __builtin_addressof(first);  // it may have an operator& of its own
  } else {
    return nth_address<I - 1>(more...);
  }
}

template <class T, std::size_t I>
constexpr auto member_address() {
  return MemberAddress{visit_members(Undefined<T>::object.value,
                                     [](auto&... member) { return nth_address<I>(member...); })};
}

template <class T, std::size_t I>
inline constexpr std::string_view kMemberName =
    last_identifier(pretty_argument(pretty_value<member_address<T, I>()>(), "V = "));
#pragma GCC diagnostic pop

template <class T, std::size_t I>
consteval std::string_view member_name() {
  return kMemberName<T, I>;
}

}  // namespace manta::serialization
