// Codecs of std::chrono's calendar: each type as the struct of its parts, "struct year_month_day{year:
// struct year{value:i16},...}". A date that is not ok(), such as February 31, travels unchanged.
#pragma once
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "../codec/codec.h"
#include "tuples.h"

namespace manta::serialization {

// What the constructor of T takes. The types are known by name: <chrono> is not included.
template <class T>
constexpr auto calendar_parts([[maybe_unused]] const T& value) {
  constexpr std::string_view name = kShortName<T>;
  if constexpr (name == "year") {
    return std::tuple(static_cast<std::int16_t>(static_cast<int>(value)));
  } else if constexpr (name == "month" || name == "day") {
    return std::tuple(static_cast<std::uint8_t>(static_cast<unsigned>(value)));
  } else if constexpr (name == "weekday") {
    return std::tuple(static_cast<std::uint8_t>(value.c_encoding()));
  } else if constexpr (name == "weekday_indexed") {
    return std::tuple(value.weekday(), static_cast<std::uint8_t>(value.index()));
  } else if constexpr (name == "weekday_last") {
    return std::tuple(value.weekday());
  } else if constexpr (name == "month_day") {
    return std::tuple(value.month(), value.day());
  } else if constexpr (name == "month_day_last") {
    return std::tuple(value.month());
  } else if constexpr (name == "month_weekday") {
    return std::tuple(value.month(), value.weekday_indexed());
  } else if constexpr (name == "month_weekday_last") {
    return std::tuple(value.month(), value.weekday_last());
  } else if constexpr (name == "year_month") {
    return std::tuple(value.year(), value.month());
  } else if constexpr (name == "year_month_day") {
    return std::tuple(value.year(), value.month(), value.day());
  } else if constexpr (name == "year_month_day_last") {
    return std::tuple(value.year(), value.month_day_last());
  } else if constexpr (name == "year_month_weekday") {
    return std::tuple(value.year(), value.month(), value.weekday_indexed());
  } else if constexpr (name == "year_month_weekday_last") {
    return std::tuple(value.year(), value.month(), value.weekday_last());
  } else if constexpr (name == "hh_mm_ss") {
    return std::tuple(value.to_duration());
  } else {
    return std::tuple();  // last_spec
  }
}

// A time of day is made of a D, but tells its value only in its precision, which may cut off a D (1/3 s is 333,333 us).
// It is made again of a D that gives the same.
template <class T>
struct TimeOfDay;
template <template <class> class Time, class D>
struct TimeOfDay<Time<D>> {
  template <class Precision>
  static Time<D> restore(Precision time) {
    const D near = duration_cast<D>(time);  // found by its argument
    for (const D one : {near, near + D(1), near - D(1)}) {
      if (Time<D>(one).to_duration() == time) {
        return Time<D>(one);
      }
    }
    return Time<D>(near);
  }
};

template <class T>
struct BuiltIn<T, Kind::kCalendar> {
  using State = decltype(calendar_parts(std::declval<const T&>()));

  template <class S>
  struct PartsOf;
  template <class... P>
  struct PartsOf<std::tuple<P...>> {
    using type = Types<P...>;
    static void describe(TypeText& text) {
      ((text.member(std::is_integral_v<P> ? "value" : kShortName<P>), Codec<P>::describe(text)),
       ...);
    }
  };
  using Parts = typename PartsOf<State>::type;
  static constexpr TypeNode node() { return make_node<T, Parts>(); }

  static void write(Writer& writer, const T& value) {
    Codec<State>::write(writer, calendar_parts(value));
  }
  static T read(Reader& reader) {
    const State state = Codec<State>::read(reader);
    if constexpr (kShortName<T> == "hh_mm_ss") {
      return TimeOfDay<T>::restore(std::get<0>(state));
    } else {
      return std::make_from_tuple<T>(state);
    }
  }
  static void describe(TypeText& text) {
    if (text.begin_struct(&type_node<T>, kShortName<T>)) {
      PartsOf<State>::describe(text);
      text.end_struct();
    }
  }
};

}  // namespace manta::serialization
