// The compile errors of remote() for what it does not take. Each overload here takes one kind of wrong call, and
// explains it by a static_assert; the right calls are in remote.h.
//
// Threads: compile time only.
#pragma once
#include <initializer_list>
#include <type_traits>

#include "explain_callable.h"
#include "refused.h"
#include "remote.h"

namespace manta {
namespace detail {

template <class... Given>
concept AreOptions = sizeof...(Given) == 0 ||
                     (sizeof...(Given) == 1 && (std::is_convertible_v<Given, TaskOptions> && ...));

template <class... Given>
auto explain_options() {
  static_assert(AreOptions<Given...>,
                "manta::remote(f, x): beside f only its options are given here, manta::remote(f, "
                "manta::TaskOptions{...}); the arguments of f stand in parentheses of their own: "
                "manta::remote(f)(x)");
}

template <class F, class... Given>
auto explain_remote() {
  using Callable = std::decay_t<F>;
  explain_callable<Callable>();
  if constexpr (RemoteCallable<Callable>) {
    if constexpr (!AreOptions<Given...>) {
      explain_options<Given...>();
    } else {
      static_assert(
          always_false<F>,
          "manta::remote(f): f cannot be copied: hand it over, manta::remote(std::move(f))");
    }
  }
}

template <class Signature, class F, class... Given>
auto explain_signature() {
  if constexpr (!std::is_function_v<Signature>) {
    static_assert(always_false<Signature>,
                  "manta::remote<R(A...)>(f): R(A...) stands for the function's signature, such as "
                  "int(double); of f itself nothing need be said: manta::remote(f)");
  } else if constexpr (!KnownSignature<Signature*>) {
    explain_callable<Signature*>();
  } else if constexpr (CallableAs<F, Signature>) {
    explain_options<Given...>();
  } else if constexpr (!HasCallOperator<std::decay_t<F>> || HidesItsTarget<std::decay_t<F>>) {
    explain_remote<F, Given...>();
  } else {
    static_assert(always_false<Signature>,
                  "manta::remote<R(A...)>(f): f cannot be called with the parameters of this "
                  "signature, or what it returns does not convert to R, or its call operator is "
                  "not public");
  }
}

}  // namespace detail

template <class F, class... Given>
  requires(!std::is_function_v<F> && !(detail::RemoteArgument<F> && detail::AreOptions<Given...>))
auto remote(F&&, Given&&...) {
  detail::explain_remote<F, Given...>();
  return detail::Refused();
}
template <class Signature, class F, class... Given>
  requires(!(detail::CallableAs<F, Signature> && detail::AreOptions<Given...>))
auto remote(F&&, Given&&...) {
  detail::explain_signature<Signature, F, Given...>();
  return detail::Refused();
}

// The same with options in braces, which have no type of their own.
template <class F>
  requires(!std::is_function_v<F> && !detail::RemoteArgument<F>)
auto remote(F&&, TaskOptions) {
  detail::explain_remote<F>();
  return detail::Refused();
}
template <class Signature, class F>
  requires(!detail::CallableAs<F, Signature>)
auto remote(F&&, TaskOptions) {
  detail::explain_signature<Signature, F>();
  return detail::Refused();
}

// Arguments where options belong: in braces, or after an overloaded function.
template <class F, class T>
  requires(!std::is_function_v<F>)
auto remote(F&&, std::initializer_list<T>) {
  detail::explain_options<std::initializer_list<T>>();
  return detail::Refused();
}
template <class Signature, class... Given>
  requires(std::is_function_v<Signature> && detail::KnownSignature<Signature*> &&
           !detail::AreOptions<Given...>)
auto remote(std::type_identity_t<Signature>*, Given&&...) {
  detail::explain_options<Given...>();
  return detail::Refused();
}

// A call without a function.
template <class Signature = void>
auto remote() {
  static_assert(detail::always_false<Signature>,
                "manta::remote(): there is no function to call: manta::remote(f)(args...)");
  return detail::Refused();
}

// A set of overloads.
template <class None = void, class F = typename detail::OverloadedFunction<None>::type,
          class... Given>
  requires detail::always_false<F>
detail::Refused remote(F, Given&&...);
template <detail::OverloadsAsArgument<detail::OverloadedFunction> F, class... Args>
detail::Refused remote(Args&&...);

}  // namespace manta
