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
// elements (brace elision), so each one is found by what `{}` in its place leaves for the others.
// Limits: kMaxMembers members. Not reflectable, and found out here instead of losing data:
// non-empty bases, reference members, members that nothing converts to, bit fields, packed, volatile
// and anonymous members. See `reflection_of`.
// Threads: everything is computed at compile time.
#pragma once
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "reflect_bind.h"
#include "type_name.h"

namespace manta::serialization {

template <class... T>
struct Types {
  static constexpr std::size_t size = sizeof...(T);
};

// Never called, but Clang takes a constant expression that an initializer leads to for a call, and
// warns if U is of an anonymous namespace.
#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-internal"
#endif
struct AnyInit {
  template <class U>
  operator U() const noexcept;
};
#ifdef __clang__
#pragma clang diagnostic pop
#endif

// Converts to bases of T only: finds out whether the first initializer is for a base.
template <class T>
struct BaseInit {
  template <class U>
    requires(std::is_base_of_v<U, T> && !std::is_same_v<U, T>)
  operator U() const noexcept;
};

template <class T>
struct NonEmptyBaseInit {
  template <class U>
    requires(std::is_base_of_v<U, T> && !std::is_same_v<U, T> && !std::is_empty_v<U>)
  operator U() const noexcept;
};

template <std::size_t>
using AnyAt = AnyInit;

template <class T, std::size_t... I>
consteval bool takes(std::index_sequence<I...>) {
  return requires { T{AnyAt<I>{}...}; };
}

template <class T, std::size_t... I>
consteval bool takes_and_braces(std::index_sequence<I...>) {
  return requires { T{AnyAt<I>{}..., {}}; };
}

template <class T, std::size_t... I, std::size_t... J>
consteval bool takes_braces_between(std::index_sequence<I...>, std::index_sequence<J...>) {
  return requires { T{AnyAt<I>{}..., {}, AnyAt<J>{}...}; };
}

template <class T, std::size_t... I, std::size_t... K, std::size_t... J>
consteval bool takes_nested(std::index_sequence<I...>, std::index_sequence<K...>,
                            std::index_sequence<J...>) {
  return requires { T{AnyAt<I>{}..., {AnyAt<K>{}...}, AnyAt<J>{}...}; };
}

template <class T, class Init, std::size_t... I>
consteval bool takes_base(std::index_sequence<I...>) {
  return requires { T{AnyAt<I>{}..., Init{}}; };
}

template <class T, std::size_t N>
inline constexpr bool kTakes = takes<T>(std::make_index_sequence<N>{});

inline constexpr std::size_t kNoCount = static_cast<std::size_t>(-1);
inline constexpr std::size_t kMaxInitializers = 16384;  // array elements counted

// The largest n in [Low, High) that is taken, when Low is.
template <class T, std::size_t Low, std::size_t High>
consteval std::size_t last_taken() {
  if constexpr (Low + 1 == High) {
    return Low;
  } else {
    constexpr std::size_t kMiddle = Low + (High - Low) / 2;
    if constexpr (kTakes<T, kMiddle>) {
      return last_taken<T, kMiddle, High>();
    } else {
      return last_taken<T, Low, kMiddle>();
    }
  }
}

template <class T, std::size_t N>
consteval std::size_t gallop() {
  if constexpr (N > kMaxInitializers) {
    return kNoCount;
  } else if constexpr (kTakes<T, 2 * N>) {
    return gallop<T, 2 * N>();
  } else {
    return last_taken<T, N, 2 * N>();
  }
}

// What is taken is a range [first, last]: first is above 0 where members have no default.
template <class T, std::size_t N = 0, bool Seen = false>
consteval std::size_t max_initializers() {
  if constexpr (N > kMaxMembers) {
    if constexpr (Seen) {
      return gallop<T, N - 1>();
    } else {
      return kNoCount;
    }
  } else if constexpr (kTakes<T, N>) {
    return max_initializers<T, N + 1, true>();
  } else if constexpr (Seen) {
    return N - 1;
  } else {
    return max_initializers<T, N + 1, false>();
  }
}

// How many initializers `{}` after I others leaves room for: the largest R in [Low, High).
template <class T, std::size_t I, std::size_t Low, std::size_t High>
consteval std::size_t most_after_braces() {
  if constexpr (Low + 1 >= High) {
    return Low;
  } else {
    constexpr std::size_t kMiddle = Low + (High - Low) / 2;
    if constexpr (takes_braces_between<T>(std::make_index_sequence<I>{},
                                          std::make_index_sequence<kMiddle>{})) {
      return most_after_braces<T, I, kMiddle, High>();
    } else {
      return most_after_braces<T, I, Low, kMiddle>();
    }
  }
}

// For arrays of elements without a default: tries 2, 3, ... initializers in braces.
template <class T, std::size_t I, std::size_t Max, std::size_t K = 2>
consteval std::size_t nested_extent() {
  if constexpr (I + K > Max || K > kMaxMembers) {
    return 1;
  } else {
    using Before = std::make_index_sequence<I>;
    using Inside = std::make_index_sequence<K>;
    if constexpr (takes_nested<T>(Before{}, Inside{}, std::make_index_sequence<Max - I - K>{}) &&
                  !takes_nested<T>(Before{}, Inside{},
                                   std::make_index_sequence<Max - I - K + 1>{})) {
      return K;
    } else {
      return nested_extent<T, I, Max, K + 1>();
    }
  }
}

// How many of the Max initializers the member at position I takes.
template <class T, std::size_t I, std::size_t Max>
consteval std::size_t extent_at() {
  using Before = std::make_index_sequence<I>;
  if constexpr (takes_braces_between<T>(Before{}, std::make_index_sequence<Max - I - 1>{})) {
    return 1;
  } else if constexpr (takes_braces_between<T>(Before{}, std::index_sequence<>{})) {
    return Max - I - most_after_braces<T, I, 0, Max - I - 1>();
  } else {
    return nested_extent<T, I, Max>();
  }
}

template <class T, std::size_t I, std::size_t Max, std::size_t Count = 0>
consteval std::size_t count_members() {
  if constexpr (I >= Max) {
    return Count;
  } else if constexpr (Count > kMaxMembers) {
    return kNoCount;
  } else {
    return count_members<T, I + extent_at<T, I, Max>(), Max, Count + 1>();
  }
}

// Leading initializers that are for (empty) bases.
template <class T, std::size_t I = 0>
consteval std::size_t count_bases() {
  if constexpr (takes_base<T, BaseInit<T>>(std::make_index_sequence<I>{})) {
    return count_bases<T, I + 1>();
  } else {
    return I;
  }
}

// A member without a name, whose own members look like its parent's. GCC has taken its constructors
// away, Clang calls it anonymous; a named member of an unnamed type keeps them, and is "unnamed".
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

template <class T, std::size_t Max>
consteval bool has_anonymous_member() {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    return (takes_anonymous<T>(std::make_index_sequence<I>{},
                               std::make_index_sequence<Max - I - 1>{}) ||
            ...);
  }(std::make_index_sequence<Max>{});
}
#else
// Initializes what has a name; the deleted conversion is the better one for the others.
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
using BoundTypes = decltype(bind_if_possible<Count>(std::declval<T&>(), CollectTypes{}));

constexpr std::size_t next_aligned(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }

// Some member is not where its alignment wants it, so that no reference may lead to it.
template <class T, class... M>
consteval bool is_packed(Types<M...>) {
  std::size_t natural = 0;
  ((natural = next_aligned(natural, alignof(M)) + sizeof(M)), ...);
  constexpr bool kNoSpaceShared = std::is_standard_layout_v<T> && !(std::is_empty_v<M> || ...);
  return ((alignof(M) > alignof(T)) || ...) || (kNoSpaceShared && natural > sizeof(T));
}

enum class Reflection {
  kYes,
  kNoAggregate,    // private members, constructors, virtual functions
  kBases,          // non-empty bases: their members would be lost
  kTooMany,        // members or array elements
  kAnonymous,      // a union or struct without a name
  kUnaddressable,  // a bit field, a packed member
  kVolatile,
  kOpaque,  // a member takes no initializer of its own: a reference, or it converts from anything
};

struct Reflected {
  Reflection outcome = Reflection::kYes;
  std::size_t members = 0;
};

// Of a class of Count members that have names.
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
      return {kTakes<T, 0> ? Reflection::kTooMany : Reflection::kOpaque, 0};
    } else if constexpr (takes_and_braces<T>(std::make_index_sequence<kMax>{})) {
      return {Reflection::kOpaque, 0};
    } else if constexpr (has_anonymous_member<T, kMax>()) {
      return {Reflection::kAnonymous, 0};
    } else {
      constexpr std::size_t kBases = count_bases<T>();
      if constexpr (has_non_empty_base<T, 0, kBases>()) {
        return {Reflection::kBases, 0};
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

// Their types, as declared (arrays and const included).
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

// A pointer to a member of an object that exists in name only: a constant the compiler can print.
template <class P>
struct MemberAddress {
  P pointer;
};
template <class P>
MemberAddress(P) -> MemberAddress<P>;

template <std::size_t I, class First, class... More>
constexpr auto* nth_address(First& first, More&... more) {
  if constexpr (I == 0) {
    return __builtin_addressof(first);  // its operator& may be another
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
