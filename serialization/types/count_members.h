// How many members an aggregate has, and how many of its initializers are for its bases: found by trying with how many
// initializers it can be made. reflect.h has the whole story.
//
// Threads: everything is computed at compile time.
#pragma once
#include <cstddef>
#include <type_traits>
#include <utility>

#include "reflect_bind.h"

namespace manta::serialization {

// The conversions are never called, but Clang takes a constant expression that an initializer leads to for a call, and
// warns if U or T is of an anonymous namespace.
#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-internal"
#endif
struct AnyInit {
  template <class U>
  operator U() const noexcept;
};

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

// Initializes members of T, but not a whole T.
template <class T>
struct MemberInit {
  template <class U>
    requires(!std::is_same_v<U, T>)
  operator U() const noexcept;
};
#ifdef __clang__
#pragma clang diagnostic pop
#endif

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
inline constexpr bool takes_members = takes<T>(std::make_index_sequence<N>{});

inline constexpr std::size_t kNoCount = static_cast<std::size_t>(-1);
inline constexpr std::size_t kMaxInitializers = 16384;  // array elements counted

// The largest n in [Low, High) that is taken, when Low is.
template <class T, std::size_t Low, std::size_t High>
consteval std::size_t last_taken() {
  if constexpr (Low + 1 == High) {
    return Low;
  } else {
    constexpr std::size_t kMiddle = Low + (High - Low) / 2;
    if constexpr (takes_members<T, kMiddle>) {
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
  } else if constexpr (takes_members<T, 2 * N>) {
    return gallop<T, 2 * N>();
  } else {
    return last_taken<T, N, 2 * N>();
  }
}

// The numbers of initializers that are taken are a range [first, last]; first is above 0 if members have no default.
template <class T, std::size_t N = 0, bool Seen = false>
consteval std::size_t max_initializers() {
  if constexpr (N > kMaxMembers) {
    if constexpr (Seen) {
      return gallop<T, N - 1>();
    } else {
      return kNoCount;
    }
  } else if constexpr (takes_members<T, N>) {
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

// The number of leading initializers that are for (empty) bases.
template <class T, std::size_t I = 0>
consteval std::size_t count_bases() {
  if constexpr (takes_base<T, BaseInit<T>>(std::make_index_sequence<I>{})) {
    return count_bases<T, I + 1>();
  } else {
    return I;
  }
}

template <class T, std::size_t>
using MemberInitAt = MemberInit<T>;
template <class T>
using ArrayOf = T[];

template <class T, std::size_t... I>
consteval bool fills_array(std::index_sequence<I...>) {
  return requires {
    typename std::bool_constant<(sizeof(ArrayOf<T>{MemberInitAt<T, I>{}...}) > 0)>;
  };
}

// Whether the last member is an array without a length, for a T of at most Max initializers. It is not counted among
// them, but GCC binds it; it is found because in an array of T it takes what is meant for the next T.
template <class T, std::size_t Max>
consteval bool has_flexible_member() {
  if constexpr (fills_array<T>(std::make_index_sequence<Max + 1>{})) {
    return false;
  } else {  // if members have no default, only a second T as a whole is taken
    return !fills_array<T>(std::make_index_sequence<2 * Max>{});
  }
}

}  // namespace manta::serialization
