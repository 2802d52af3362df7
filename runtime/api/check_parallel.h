// Whether f and a range fit together, and the compile errors if not. See parallel.h.
//
//   ElementCall<F, int>     in the error of a call: the function, and with what it is called
//
// Threads: compile time only.
#pragma once
#include <type_traits>
#include <utility>

#include "call_check.h"
#include "chunk_stub.h"
#include "element_source.h"
#include "explain_callable.h"
#include "get.h"

namespace manta::detail {

// The arguments of a call that does not fit. Compile errors show this name, with its parameters.
template <class F, class... Args>
struct ElementCall {
  static constexpr bool possible = can_be_called<AsClass<F>, Args...>;
  static_assert(possible,
                "manta::map(), map_reduce(), parallel_for(): the function cannot be called with "
                "one element of the range (or the reduction with two results of the function): "
                "the function and the arguments stand in detail::ElementCall<F, Args...> above. "
                "It takes them by value or const reference");
};

template <class Range>
struct RangeToCut {
  static constexpr bool fits = CanBeCut<std::remove_reference_t<Range>&>;
  static_assert(fits,
                "manta::map(), map_reduce(), parallel_for(): the range is neither "
                "std::views::iota(first, last), nor std::pair(first, last) of integers, nor a "
                "manta::Array, nor an input range that knows its size and whose elements can be "
                "copied: put the elements into a std::vector first");
};

// A callable that can be sent: what remote() takes, or a class with a generic call operator.
template <class F>
inline constexpr bool can_be_sent = false;
template <class F>
  requires(!is_remote_function<F> && !HidesItsTarget<F> &&
           (RemoteCallable<F> || (std::is_class_v<F> && HasCallOperator<F>)))
inline constexpr bool can_be_sent<F> = !CVariadic<F> && state_travels<F>;

template <class F>
auto explain_sending() {
  if constexpr (is_remote_function<F>) {
    static_assert(always_false<F>,
                  "manta::map(), map_reduce(), parallel_for() make tasks themselves: give them the "
                  "function, not manta::remote(f); its options are ParallelOptions::task");
  } else if constexpr (RemoteCallable<F> ||
                       (std::is_class_v<F> && HasCallOperator<F> && !HidesItsTarget<F>)) {
    explain_state<F>();
  } else {
    explain_callable<F>();
  }
}

template <class F, class Range>
struct ParallelCheck {
  static consteval bool range_fits() { return CanBeCut<std::remove_reference_t<Range>&>; }
  static consteval bool call_fits() {
    if constexpr (range_fits() && can_be_sent<F>) {
      return can_be_called<AsClass<F>, typename SourceOf<Range>::Argument>;
    } else {
      return false;
    }
  }
  static consteval auto source() {
    if constexpr (range_fits()) {
      return std::type_identity<SourceOf<Range>>{};
    } else {
      return std::type_identity<Refused>{};
    }
  }
  static consteval auto result() {
    if constexpr (call_fits()) {
      return std::type_identity<ResultOf<AsClass<F>, typename SourceOf<Range>::Argument>>{};
    } else {
      return std::type_identity<Refused>{};
    }
  }
  using Source = typename decltype(source())::type;
  using Result = typename decltype(result())::type;

  static consteval bool chunk_travels() {
    if constexpr (range_fits()) {
      return serialization::root_is_serializable<typename Source::Chunk>();
    } else {
      return false;
    }
  }
  static consteval bool fits() {
    if constexpr (call_fits()) {
      return chunk_travels() && result_fits<Result>() && !is_generator<Result>;
    } else {
      return false;
    }
  }
  static Refused explain() {
    if constexpr (!range_fits()) {
      (void)sizeof(RangeToCut<Range>);
    } else if constexpr (!can_be_sent<F>) {
      explain_sending<F>();
    } else if constexpr (!call_fits()) {
      (void)sizeof(ElementCall<F, typename Source::Argument>);
    } else if constexpr (!chunk_travels()) {
      serialization::require_serializable<typename Source::Chunk>();
    } else if constexpr (!result_fits<Result>()) {
      serialization::require_serializable<Stored<Result>>();
    } else {
      static_assert(!is_generator<Result>,
                    "manta::map(), map_reduce(), parallel_for(): the function is a generator: call "
                    "it with manta::remote(f)(...) for each element, or let it return a vector");
    }
    return {};
  }
};

template <class F, class Range>
struct EachCheck : ParallelCheck<F, Range> {
  using Base = ParallelCheck<F, Range>;
  static consteval bool fits() { return Base::fits() && std::is_void_v<typename Base::Result>; }
  static Refused explain() {
    if constexpr (Base::fits()) {
      static_assert(fits(),
                    "manta::parallel_for(range, f): what f returns would be lost, so f must return "
                    "nothing: use manta::map() or manta::map_reduce() for results");
    }
    return Base::explain();
  }
};

template <class F, class Reduce, class Range, class Initial = void>
struct ReduceCheck : ParallelCheck<F, Range> {
  using Base = ParallelCheck<F, Range>;
  static consteval auto value() {
    if constexpr (std::is_void_v<typename Base::Result>) {
      return std::type_identity<Refused>{};
    } else {
      return std::type_identity<Stored<typename Base::Result>>{};
    }
  }
  using Value = typename decltype(value())::type;

  static consteval bool gives_values() {
    if constexpr (Base::fits() && !std::is_void_v<typename Base::Result>) {
      return std::is_same_v<Restored<Value>, Value>;
    } else {
      return false;
    }
  }
  static consteval bool reduces() {
    if constexpr (gives_values() && can_be_sent<Reduce> &&
                  can_be_called<AsClass<Reduce>, Value, Value>) {
      return std::is_constructible_v<Value, ResultOf<AsClass<Reduce>, Value, Value>>;
    } else {
      return false;
    }
  }
  static consteval bool begins() {
    if constexpr (std::is_void_v<Initial>) {
      return true;
    } else {
      return std::is_convertible_v<Initial, Value>;
    }
  }
  static consteval bool fits() { return reduces() && begins(); }
  static Refused explain() {
    if constexpr (!Base::fits()) {
      return Base::explain();
    } else if constexpr (!gives_values()) {
      static_assert(gives_values(),
                    "manta::map_reduce(range, f, reduce): f must return a value, of a type that "
                    "comes back as it was sent");
    } else if constexpr (!can_be_sent<Reduce>) {
      explain_sending<Reduce>();
    } else if constexpr (!can_be_called<AsClass<Reduce>, Value, Value>) {
      (void)sizeof(ElementCall<Reduce, Value, Value>);
    } else if constexpr (!reduces()) {
      static_assert(reduces(),
                    "manta::map_reduce(range, f, reduce): what reduce returns does not convert to "
                    "the result of f, of which it takes two");
    } else {
      static_assert(begins(),
                    "manta::map_reduce(range, f, reduce, initial): the initial value does not "
                    "convert to the result of f");
    }
    return {};
  }
};

}  // namespace manta::detail
