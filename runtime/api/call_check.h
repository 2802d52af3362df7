// Whether the arguments of a remote call fit its parameters, and the compile errors if not.
//
//   Argument<2, const char*, int>     in the error of one argument: its position, its type, the parameter's type
//   CheckedArguments<Types<int>, ...> in the error of their number: the parameters, then the arguments
//   Refused                           what a call gives that does not fit (refused.h)
//
// How an argument meets its parameter: remote.h. Threads: compile time only.
#pragma once
#include <span>
#include <type_traits>
#include <utility>

#include "generator.h"
#include "refused.h"
#include "signature.h"

namespace manta::detail {

template <class P>
inline constexpr bool is_writable_span = false;
template <class T, std::size_t N>
inline constexpr bool is_writable_span<std::span<T, N>> = !std::is_const_v<T>;

// What is wrong with an argument. Compile errors show this name, with its parameters.
template <std::size_t Position, class Given, class Parameter>
struct Argument {
  static constexpr bool writable_span = is_writable_span<std::remove_cvref_t<Parameter>>;
  static_assert(
      !writable_span,
      "a span parameter of a remote function must be std::span<const T>: writes would be lost");
  static constexpr bool converts =
      writable_span || passing<Given, Parameter>() != Passing::kMismatch;
  static constexpr bool still_writable =
      !converts && IsMutableArray<std::remove_cvref_t<Given>>::value &&
      passing<std::remove_cvref_t<Given>&&, Parameter>() != Passing::kMismatch;
  static_assert(!still_writable,
                "a MutableArray is handed over with std::move(array), which seals it without a "
                "copy, or copied with array.copy()");
  static_assert(converts || still_writable,
                "an argument of a remote call does not convert to its parameter: position, given "
                "type and parameter type "
                "stand in detail::Argument<Position, Given, Parameter> above");
  static constexpr bool lost_write =
      std::is_lvalue_reference_v<Parameter> && !std::is_const_v<std::remove_reference_t<Parameter>>;
  static_assert(!lost_write,
                "a remote function must not take a non-const lvalue reference: its writes would be "
                "lost in the other "
                "process; take it by value or const reference and return the result");
};

// Whether a U behind a ref may be read as an H. It has been sent before, perhaps by a wrapper in a way of its own (but
// no wrapper makes an Array of elements that cannot be in one).
template <class U, class H>
inline constexpr bool was_sent_as = serialization::is_serializable<H> ||
                                    (std::is_same_v<U, H> && serialization::type_node<H>.refusal !=
                                                                 serialization::Refusal::kElements);

// Whether what is sent for an argument is serializable.
template <class Given, class P>
consteval bool argument_travels() {
  using Plain = std::remove_cvref_t<Given>;
  constexpr Passing how = passing<Given, P>();
  if constexpr (comes_back_as<Plain, Holder<P>>) {
    return serialization::root_is_serializable<Plain>();
  } else if constexpr (how == Passing::kReference) {
    return was_sent_as<typename IsRef<Plain>::Value, Holder<P>>;
  } else if constexpr (how == Passing::kList) {
    using Element = typename IsVector<std::remove_cvref_t<P>>::Element;
    return was_sent_as<typename IsRefList<Plain>::Value, Element>;
  } else {
    return serialization::is_serializable<Holder<P>>;
  }
}

// Whether an argument fits: exactly if Argument has nothing to say and what is sent is serializable.
template <class Given, class P>
consteval bool argument_fits() {
  constexpr bool writes =
      std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>>;
  if constexpr (writes || is_writable_span<std::remove_cvref_t<P>> ||
                passing<Given, P>() == Passing::kMismatch) {
    return false;
  } else {
    return argument_travels<Given, P>();
  }
}

template <std::size_t Position, class Given, class P>
auto explain_argument() {
  if constexpr (!argument_fits<Given, P>()) {
    (void)sizeof(Argument<Position, Given, P>);
    if constexpr (comes_back_as<std::remove_cvref_t<Given>, Holder<P>>) {
      serialization::require_serializable<serialization::StateOf<std::remove_cvref_t<Given>>>();
    } else if constexpr (!argument_travels<Given, P>()) {
      serialization::require_serializable<Holder<P>>();
    }
  }
}

template <class Parameters, class... Args>
struct CheckedArguments;
template <class... P, class... Args>
struct CheckedArguments<Types<P...>, Args...> {
  static constexpr bool same_number = sizeof...(P) == sizeof...(Args);
  static_assert(
      same_number,
      "a remote call has the wrong number of arguments (default arguments do not apply): see "
      "CheckedArguments<Types<parameters...>, arguments...> above");
};

template <class R>
consteval bool result_fits() {
  if constexpr (std::is_void_v<R>) {
    return true;
  } else {
    return serialization::root_is_serializable<Stored<ItemOf<R>>>();
  }
}

// A call with these arguments: whether it compiles (fits), and the errors if not (explain). They are two functions,
// since a compiler that has found an error inside a condition reports errors about the condition, too.
template <class R, class Parameters, class... Args>
struct CallCheck;
template <class R, class... P, class... Args>
struct CallCheck<R, Types<P...>, Args...> {
  static consteval bool fits() {
    if constexpr (sizeof...(P) == sizeof...(Args)) {
      return (argument_fits<Args, P>() && ...) && result_fits<R>();
    } else {
      return false;
    }
  }
  static void explain() {
    if constexpr (sizeof...(P) == sizeof...(Args)) {
      explain_each(std::index_sequence_for<P...>{});
    } else {
      (void)sizeof(CheckedArguments<Types<P...>, Args...>);
    }
  }

 private:
  template <std::size_t... I>
  static auto explain_each(std::index_sequence<I...>) {
    (explain_argument<I + 1, Args, P>(), ...);
    if constexpr (!result_fits<R>()) serialization::require_serializable<Stored<ItemOf<R>>>();
  }
};

// What a parameter P is given by its holder; and whether an F can be called with the parameters of a signature.
template <class P>
using Passed = decltype(pass<P>(std::declval<Holder<P>&>()));
template <class F, class Signature>
inline constexpr bool is_called_with = false;
template <class F, class R, class... P>
inline constexpr bool is_called_with<F, R(P...)> =
    requires(const F& f) { static_cast<R>(f(std::declval<Passed<P>>()...)); } || requires(F& f) {
      static_cast<R>(f(std::declval<Passed<P>>()...));
    } || requires(F& f) { static_cast<R>(std::move(f)(std::declval<Passed<P>>()...)); };
template <class F, class R, class... P>
inline constexpr bool is_called_with<F, R(P...) noexcept> = is_called_with<F, R(P...)>;

}  // namespace manta::detail
