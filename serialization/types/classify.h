// In which way a type is serialized: by its own hooks first, then as what it is in the language and
// the standard library, then by its members. Standard containers are known by their names and their
// interfaces, so that their headers need not be included and <manta/manta.h> stays light.
//
// Threads: constants.
#pragma once
#include <initializer_list>
#include <string_view>
#include <type_traits>

#include "../../base/float16.h"
#include "customize.h"
#include "reflect.h"
#include "type_graph.h"

namespace manta::serialization {

enum class Kind {
  kRefused,
  kDynamic,   // register_serializer
  kExternal,  // serializer<T>
  kReduce,    // T::manta_reduce
  kMembers,   // T::manta_members
  kBool,
  kNumber,
  kEnum,
  kAggregate,
  kSequence,  // push_back, or a forward_list
  kSet,
  kMap,
  kAdapter,  // stack, queue, priority_queue
  kBitset,
  kValarray,
  kComplex,
  kDuration,
  kTimePoint,
  kPath,
  kCalendar,  // year_month_day and the like, hh_mm_ss
  kExpected,  // std::expected, tl::expected and their like
};

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;
template <class T>
inline constexpr bool is_int128 = std::is_same_v<T, Int128> || std::is_same_v<T, Uint128>;

template <class T>  // a reader may have another format for numbers longer than a double
inline constexpr bool is_number =
    is_int128<T> || std::is_integral_v<T> || std::is_same_v<T, float> ||
    std::is_same_v<T, double> || detail::is_float16<T> || detail::is_bfloat16<T>;

// std::is_class is true for a class that is only declared, too.
template <class T>
inline constexpr bool is_declared_only =
    (std::is_class_v<T> || std::is_union_v<T>)&&!requires { sizeof(T); };

template <class T>
inline constexpr bool has_external = requires { sizeof(serializer<T>); };

template <class T>
inline constexpr bool has_reduce = requires(const T& value) { value.manta_reduce(); };

template <class T>
inline constexpr bool has_members = requires { T::manta_members(); };

template <class T>
inline constexpr bool is_expected = requires(const T& value) {
  typename T::value_type;
  typename T::error_type;
  typename T::unexpected_type;
  value.has_value();
  value.error();
};

constexpr bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  for (const std::string_view candidate : names) {
    if (name == candidate) {
      return true;
    }
  }
  return false;
}

template <class T>
inline constexpr bool is_calendar =
    kTypeName<T>.starts_with("std::chrono::") &&
    is_one_of(kShortName<T>,
              {"year", "month", "day", "weekday", "weekday_indexed", "weekday_last", "month_day",
               "month_day_last", "month_weekday", "month_weekday_last", "year_month",
               "year_month_day", "year_month_day_last", "year_month_weekday",
               "year_month_weekday_last", "hh_mm_ss", "last_spec"});

// The kind of a type of the standard library, by its interface.
template <class T>
consteval Kind std_kind() {
  if constexpr (requires {
                  typename T::key_type;
                  typename T::mapped_type;
                }) {
    return Kind::kMap;
  } else if constexpr (
      requires {
        typename T::key_type;
        typename T::value_compare;
      } ||
      requires {
        typename T::key_type;
        typename T::hasher;
      }) {
    return Kind::kSet;
  } else if constexpr (
      requires(T& c) {
        c.before_begin();
        c.insert_after(c.begin(), *c.begin());
      } ||
      requires(T& c) {
        c.before_begin();
        c.pop_front();
      }) {  // NOLINT(bugprone-branch-clone): each kind by its own marks
    return Kind::kSequence;
  } else if constexpr (requires(const T& p) {
                         p.native();
                         p.root_directory();
                       }) {
    return Kind::kPath;
  } else if constexpr (
      requires {
        typename T::container_type;
        typename T::value_type;
      } &&
      requires(T& c) {
        c.pop();
        c.size();
      }) {
    return Kind::kAdapter;
  } else if constexpr (
      requires(const T& c) {
        typename T::value_type;
        c.size();
        c.begin();
      } &&
      requires(T& c) {
        c.clear();
        c.pop_back();
      }) {
    return Kind::kSequence;
  } else if constexpr (requires(const T& b) {
                         b.to_ullong();
                         b.test(0);
                       }) {
    return Kind::kBitset;
  } else if constexpr (requires(const T& v) {
                         typename T::value_type;
                         v.cshift(1);
                       }) {
    return Kind::kValarray;
  } else if constexpr (requires(T& c) {
                         typename T::value_type;
                         c.real(c.real());
                         c.imag();
                       }) {
    return Kind::kComplex;
  } else if constexpr (requires {
                         typename T::rep;
                         typename T::period;
                         T::zero();
                       }) {
    return Kind::kDuration;
  } else if constexpr (requires(const T& t) {
                         typename T::clock;
                         t.time_since_epoch();
                       }) {
    return Kind::kTimePoint;
  } else {
    return is_calendar<T> ? Kind::kCalendar : Kind::kRefused;
  }
}

template <class T>
consteval Kind classify() {
  if constexpr (!std::is_same_v<T, std::remove_cvref_t<T>> ||
                is_declared_only<T>) {  // NOLINT(bugprone-branch-clone)
    return Kind::kRefused;
  } else if constexpr (dynamic_serializer<T>) {
    return Kind::kDynamic;
  } else if constexpr (std::is_same_v<T, bool>) {
    return Kind::kBool;
  } else if constexpr (is_number<T>) {
    return Kind::kNumber;
  } else if constexpr (has_external<T>) {
    return Kind::kExternal;
  } else if constexpr (std::is_enum_v<T>) {
    return Kind::kEnum;
  } else if constexpr (!std::is_class_v<T>) {
    return Kind::kRefused;
  } else if constexpr (has_reduce<T>) {
    return Kind::kReduce;
  } else if constexpr (has_members<T>) {
    return Kind::kMembers;
  } else if constexpr (is_expected<T>) {
    return Kind::kExpected;
  } else if constexpr (is_std_type<T> && std_kind<T>() != Kind::kRefused) {
    return std_kind<T>();
  } else if constexpr (std::is_aggregate_v<T>) {
    return reflection_of<T>.outcome == Reflection::kYes ? Kind::kAggregate : Kind::kRefused;
  } else {
    return Kind::kRefused;
  }
}

template <class T>
inline constexpr Kind kKind = classify<T>();

constexpr Refusal refusal_of_std(std::string_view name) {
  if (is_one_of(name,
                {"function", "move_only_function", "packaged_task", "_Bind", "_Bind_result"})) {
    return Refusal::kFunction;
  }
  if (is_one_of(name, {"basic_string_view", "span", "initializer_list"})) {
    return Refusal::kView;
  }
  if (name == "reference_wrapper") {
    return Refusal::kReferenceWrapper;
  }
  return Refusal::kLive;
}

// The reason why a type of Kind::kRefused is refused.
template <class T>
consteval Refusal refusal_of() {
  if constexpr (!std::is_same_v<T, std::remove_cvref_t<T>>) {
    return Refusal::kQualified;
  } else if constexpr (std::is_same_v<T, long double>) {
    return Refusal::kLongDouble;
  } else if constexpr (is_declared_only<T>) {
    return Refusal::kIncomplete;
  } else if constexpr (std::is_function_v<std::remove_pointer_t<T>> ||
                       std::is_member_pointer_v<T>) {
    return Refusal::kFunctionPointer;
  } else if constexpr (std::is_array_v<T>) {
    return Refusal::kArrayPointer;
  } else if constexpr (std::is_void_v<T>) {
    return Refusal::kVoidPointer;
  } else if constexpr (std::is_union_v<T>) {
    return Refusal::kUnion;
  } else if constexpr (std::is_pointer_v<T> || std::is_null_pointer_v<T>) {
    return Refusal::kPointer;
  } else if constexpr (!std::is_class_v<T>) {
    return Refusal::kExtension;
  } else if constexpr (is_std_type<T>) {
    return refusal_of_std(kShortName<T>);
  } else if constexpr (is_closure<T>) {
    return Refusal::kClosure;
  } else {
    switch (reflection_of<T>.outcome) {
      case Reflection::kBases:
        return Refusal::kBases;
      case Reflection::kTooMany:
        return Refusal::kTooMany;
      case Reflection::kOpaque:
        return Refusal::kOpaque;
      case Reflection::kAnonymous:
        return Refusal::kAnonymous;
      case Reflection::kUnaddressable:
        return Refusal::kUnaddressable;
      case Reflection::kVolatile:
        return Refusal::kVolatile;
      case Reflection::kFlexible:
        return Refusal::kFlexible;
      default:
        return Refusal::kPrivate;
    }
  }
}

}  // namespace manta::serialization
