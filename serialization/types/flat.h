// Flat types: their bytes are their value, so that a sequence of them is one block of memory.
//
//   flat    trivially copyable, made of numbers, enums, bools, and arrays and aggregates of these:
//           no pointer, view or handle inside (those are trivially copyable too)
//   plain   flat, without padding and bools: any bytes are a value, and no byte is left unset
//
// Writing clears padding, because bytes of the stack must not leak; reading refuses a bool that is neither
// 0 nor 1, wherever it stands.
// Threads: any; these are constants and pure functions.
#pragma once
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <type_traits>

#include "../stream/reader.h"
#include "classify.h"

namespace manta::serialization {

struct Flatness {
  bool flat = false;
  bool has_bool = false;
  bool has_padding = false;
};

template <class T>
struct FixedArray {  // C arrays and std::array
  static constexpr bool value = false;
};
template <class E, std::size_t N>
struct FixedArray<E[N]> {
  static constexpr bool value = true;
  using Element = E;
  static constexpr std::size_t size = N;
};
template <class E, std::size_t N>
struct FixedArray<std::array<E, N>> : FixedArray<E[N]> {};
template <class E>
struct FixedArray<std::array<E, 0>> {
  static constexpr bool value = true;
  using Element = E;
  static constexpr std::size_t size = 0;
};

template <class T>
consteval Flatness flatness();

template <class T, class... M>
consteval Flatness members_flatness(Types<M...>) {
  Flatness all{.flat = true};
  std::size_t size = 0;
  const auto add = [&](Flatness one, std::size_t member_size) {
    all.flat = all.flat && one.flat;
    all.has_bool = all.has_bool || one.has_bool;
    all.has_padding = all.has_padding || one.has_padding;
    size += member_size;
  };
  (add(flatness<std::remove_const_t<M>>(), sizeof(M)), ...);
  all.has_padding = all.has_padding || size != sizeof(T);
  return all;
}

template <class T>
consteval Flatness flatness() {
  if constexpr (FixedArray<T>::value) {
    if constexpr (FixedArray<T>::size == 0) {
      return {};
    } else {
      return flatness<std::remove_const_t<typename FixedArray<T>::Element>>();
    }
  } else if constexpr (!std::is_trivially_copyable_v<T>) {
    return {};
  } else {
    constexpr Kind kind = kKind<T>;
    if constexpr (kind == Kind::kBool) {
      return {.flat = true, .has_bool = true};
    } else if constexpr (kind == Kind::kNumber) {
      return {.flat = true};
    } else if constexpr (kind == Kind::kEnum) {
      return flatness<std::underlying_type_t<T>>();
    } else if constexpr (kind == Kind::kComplex) {
      return flatness<typename T::value_type>();
    } else if constexpr (kind == Kind::kDuration) {
      return flatness<typename T::rep>();
    } else if constexpr (kind == Kind::kAggregate) {
      if constexpr (member_count<T> == 0) {
        return {};
      } else {
        return members_flatness<T>(MemberTypes<T>{});
      }
    } else {
      return {};
    }
  }
}

template <class T>
inline constexpr Flatness kFlatness = flatness<T>();
template <class T>
inline constexpr bool is_flat = kFlatness<T>.flat;
template <class T>
inline constexpr bool is_plain = is_flat<T> && !kFlatness<T>.has_bool && !kFlatness<T>.has_padding;

// Also of a type that has an operator& of its own.
template <class T>
const std::byte* address(const T& value) {
  return reinterpret_cast<const std::byte*>(std::addressof(value));
}

// Copies a flat value to sizeof(T) bytes at `to`, with padding as zeros.
template <class T>
void copy_flat(std::byte* to, const T& value) {
  if constexpr (!kFlatness<T>.has_padding) {
    std::memcpy(to, std::addressof(value), sizeof(T));
  } else if constexpr (FixedArray<T>::value) {
    for (const auto& element : value) {
      copy_flat(to, element);
      to += sizeof(element);
    }
  } else {
    std::memset(to, 0, sizeof(T));
    const auto* base = address(value);
    visit_members(value, [&](const auto&... member) {
      (copy_flat(to + (address(member) - base), member), ...);
    });
  }
}

// Checks the bools among `count` flat values at `bytes` (of any alignment).
template <class T>
void check_flat(const std::byte* bytes, std::size_t count = 1) {
  if constexpr (kFlatness<T>.has_bool) {
    if constexpr (std::is_enum_v<T> || std::is_same_v<T, bool>) {
      for (std::size_t i = 0; i < count; ++i) {
        if (static_cast<unsigned char>(bytes[i]) > 1) {
          Reader::fail("a bool is neither 0 nor 1");
        }
      }
    } else if constexpr (FixedArray<T>::value) {
      using Element = std::remove_const_t<typename FixedArray<T>::Element>;
      check_flat<Element>(bytes, count * FixedArray<T>::size);
    } else {
      // For the offsets of members only.
      alignas(T) static constinit std::byte place[sizeof(T)] = {};
      visit_members(reinterpret_cast<const T&>(place), [&](const auto&... member) {
        for (std::size_t i = 0; i < count; ++i) {
          const std::byte* one = bytes + i * sizeof(T);
          (check_flat<std::remove_cvref_t<decltype(member)>>(one + (address(member) - place)), ...);
        }
      });
    }
  }
}

// A flat value from bytes that were checked.
template <class T>
T load_flat(const std::byte* bytes) {
  struct Raw {
    std::byte bytes[sizeof(T)];
  } raw;
  std::memcpy(&raw, bytes, sizeof(T));
  return __builtin_bit_cast(T, raw);
}

}  // namespace manta::serialization
