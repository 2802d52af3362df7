// What numpy calls the elements of an Array<T>: npy_type.h has the table.
//
// A struct is one of named fields if Manta sees its members and all of them are numbers, texts, times, arrays or such
// structs, as to_pickle() has it; others are raw bytes, and so are unions and classes with private members. Types of
// which numpy would make something else are refused when they are compiled.
// Threads: any.
#pragma once
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <ratio>
#include <string>
#include <type_traits>
#include <utility>

#include "../../base/float16.h"
#include "../../serialization/types/flat.h"
#include "npy_type.h"

namespace manta::detail {

template <class T>
inline constexpr bool is_any_complex = false;
template <class T>
inline constexpr bool is_any_complex<std::complex<T>> = true;

template <class T>
constexpr char npy_kind() {
  if constexpr (std::is_same_v<T, bool>) {
    return 'b';
  } else if constexpr (is_bfloat16<T> || serialization::is_int128<T>) {
    return 'V';  // numpy has none of these
  } else if constexpr (is_float16<T> || std::is_same_v<T, float> || std::is_same_v<T, double> ||
                       std::is_same_v<T, long double>) {
    return 'f';
  } else if constexpr (std::is_same_v<T, std::complex<float>> ||
                       std::is_same_v<T, std::complex<double>> ||
                       std::is_same_v<T, std::complex<long double>>) {
    return 'c';
  } else if constexpr (std::is_integral_v<T>) {
    return std::is_unsigned_v<T> ? 'u' : 'i';
  } else {
    static_assert((std::is_class_v<T> || std::is_union_v<T>)&&!is_any_complex<T>,
                  "manta: numpy has no such number and would take it for another one: use bool, "
                  "integers, float, double, long double, manta::float16, manta::bfloat16, "
                  "std::complex of float and double, or a struct or class of your own");
    return 'V';
  }
}

// The unit of time that numpy has for a period; "" if it has none.
template <class Period>
constexpr const char* npy_unit() {
  struct Unit {
    std::intmax_t num, den;
    const char* name;
  };
  constexpr Unit kUnits[] = {
      {604800, 1, "W"},
      {86400, 1, "D"},
      {3600, 1, "h"},
      {60, 1, "m"},
      {1, 1, "s"},
      {1, 1000, "ms"},
      {1, 1000000, "us"},
      {1, 1000000000, "ns"},
      {1, 1000000000000, "ps"},
      {1, 1000000000000000, "fs"},
      {1, 1000000000000000000, "as"},
  };
  for (const Unit& unit : kUnits) {
    if (unit.num == Period::num && unit.den == Period::den) return unit.name;
  }
  return "";
}

template <class T>
inline constexpr bool is_duration = false;
template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = true;
template <class T>
inline constexpr bool is_time_point = false;
template <class Clock, class Duration>
inline constexpr bool is_time_point<std::chrono::time_point<Clock, Duration>> = true;

// Whether T is a struct whose members numpy can name.
template <class T>
consteval bool has_npy_fields();

template <class M>
consteval bool is_npy_member() {
  if constexpr (serialization::FixedArray<M>::value) {
    using Array = serialization::FixedArray<M>;
    return Array::size != 0 && is_npy_member<std::remove_const_t<typename Array::Element>>();
  } else if constexpr (serialization::kKind<M> == serialization::Kind::kAggregate) {
    return has_npy_fields<M>();
  } else if constexpr (is_time_point<M>) {
    return is_npy_member<typename M::rep>();
  } else {
    return serialization::is_flat<M> || std::is_same_v<M, long double> || is_any_complex<M>;
  }
}

template <class... M>
consteval bool are_npy_members(serialization::Types<M...>) {
  return (is_npy_member<std::remove_const_t<M>>() && ...);
}

template <class T>
consteval bool has_npy_fields() {
  if constexpr (serialization::kKind<T> != serialization::Kind::kAggregate ||
                !std::is_trivially_copyable_v<T>) {
    return false;
  } else {
    return serialization::member_count<T> != 0 && are_npy_members(serialization::MemberTypes<T>{});
  }
}

template <class T>
NpyField npy_field();

// A number of ticks, or with numpy's unit a time.
template <class Rep, class Period>
NpyField npy_time(char kind) {
  NpyField field = npy_field<Rep>();
  field.type.unit = npy_unit<Period>();
  if (std::is_same_v<Rep, std::int64_t> && !field.type.unit.empty()) {
    field.type.kind = kind;
  } else {
    field.type.unit.clear();
    field.type.is_count = true;
  }
  return field;
}
// Bytes are text, and 32-bit characters too.
template <class E>
inline constexpr bool is_text_element = std::is_same_v<E, char> || std::is_same_v<E, char8_t> ||
                                        std::is_same_v<E, char32_t> || std::is_same_v<E, wchar_t>;

template <class E, std::size_t N>
NpyField npy_array_field() {
  if constexpr (is_text_element<E>) {
    return {{},
            make_npy_type(sizeof(E) == 1 ? 'S' : 'U', N * sizeof(E), sizeof(E) == 1 ? '|' : '<')};
  } else {
    NpyField field = npy_field<E>();
    field.shape.insert(field.shape.begin(), N);
    return field;
  }
}

template <class T, class... M, std::size_t... I>
NpyField npy_struct_field(serialization::Types<M...>, std::index_sequence<I...>) {
  NpyField field{{}, make_npy_type('V', sizeof(T))};
  field.type.is_struct = true;
  (field.type.fields.push_back(npy_field<std::remove_const_t<M>>()), ...);
  ((field.type.fields[I].name = serialization::kMemberName<T, I>), ...);
  alignas(T) static constinit std::byte place[sizeof(T)] = {};  // for the offsets of members only
  serialization::visit_members(reinterpret_cast<const T&>(place), [&](const auto&... member) {
    ((field.type.fields[I].offset =
          static_cast<std::size_t>(serialization::address(member) - place)),
     ...);
  });
  return field;
}

template <class T>
NpyField npy_field() {
  if constexpr (std::is_enum_v<T>) {
    NpyField field = npy_field<std::underlying_type_t<T>>();
    field.type.is_character = std::is_same_v<T, std::byte>;
    return field;
  } else if constexpr (serialization::FixedArray<T>::value && is_npy_member<T>()) {
    using Array = serialization::FixedArray<T>;
    return npy_array_field<std::remove_const_t<typename Array::Element>, Array::size>();
  } else if constexpr (is_duration<T>) {
    return npy_time<typename T::rep, typename T::period>('m');
  } else if constexpr (is_time_point<T>) {
    // Only the system clock's zero is numpy's, 1970.
    constexpr bool numpys = std::is_same_v<typename T::clock, std::chrono::system_clock>;
    using Period = std::conditional_t<numpys, typename T::period, std::ratio<0>>;
    return npy_time<typename T::rep, Period>('M');
  } else if constexpr (has_npy_fields<T>()) {
    return npy_struct_field<T>(serialization::MemberTypes<T>{},
                               std::make_index_sequence<serialization::member_count<T>>{});
  } else {
    constexpr char kind = npy_kind<T>();
    constexpr bool bytes = sizeof(T) == 1 || (kind == 'V' && !is_bfloat16<T>);
    NpyField field{{}, make_npy_type(kind, sizeof(T), bytes ? '|' : '<')};
    field.type.is_character = is_text_element<T>;
    field.type.is_bfloat = is_bfloat16<T>;
    return field;
  }
}

// The type of the elements of an array, in a field without a name.
template <class T>
const NpyField& npy_element() {
  static const NpyField element = npy_field<T>();
  return element;
}

}  // namespace manta::detail
