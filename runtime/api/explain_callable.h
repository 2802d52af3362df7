// The compile errors for what cannot be called remotely. Each gives its reason and says what to write instead.
//
// Threads: compile time only.
#pragma once
#include <cstddef>
#include <functional>
#include <string_view>
#include <type_traits>

#include "capture.h"
#include "refused.h"
#include "signature.h"

namespace manta {

template <class F>
class RemoteFunction;

namespace detail {

template <class F>
inline constexpr bool is_std_function = false;
template <class Signature>
inline constexpr bool is_std_function<std::function<Signature>> = true;
template <class F>
inline constexpr bool is_reference_wrapper = false;
template <class F>
inline constexpr bool is_reference_wrapper<std::reference_wrapper<F>> = true;
template <class F>
inline constexpr bool is_remote_function = false;
template <class F>
inline constexpr bool is_remote_function<RemoteFunction<F>> = true;

// A class with a call operator of any kind, be it private: the name is then ambiguous in a class that inherits a second
// one.
struct AnyCallOperator {
  void operator()();
};
template <class F>
struct WithAnotherCallOperator : F, AnyCallOperator {};
template <class F>
concept HasCallOperator = std::is_class_v<F> && (HasOneCallOperator<F> || std::is_final_v<F> ||
                                                 !HasOneCallOperator<WithAnotherCallOperator<F>>);

// Some callables have a signature, but hide what they call, or only refer to it.
template <class F>
concept HidesItsTarget =
    is_std_function<F> || is_reference_wrapper<F> || std::is_bind_expression_v<F>;

// What can be called remotely as it is.
template <class F>
concept RemoteCallable = KnownSignature<F> && !HidesItsTarget<F> && !std::is_abstract_v<F>;

template <class F>
auto explain_class() {
  if constexpr (std::is_abstract_v<F>) {
    static_assert(always_false<F>,
                  "manta::remote(f): f is of an abstract class, so it cannot be copied into a "
                  "call. Pass an object of the concrete class, or hold it in an actor");
  } else if constexpr (HasCallOperator<F>) {
    static_assert(always_false<F>,
                  "manta::remote(f): the call operator of f is generic, overloaded or not public, "
                  "so its parameters are not known: say the signature, manta::remote<R(A...)>(f), "
                  "or give it (or a lambda's parameters) plain types");
  } else {
    static_assert(always_false<F>,
                  "manta::remote(x): x is an object that cannot be called, it has no operator(). "
                  "If it is the result of a call, such as manta::remote(f(3)), write "
                  "manta::remote(f)(3); if it has methods to call, make it an actor: "
                  "manta::actor<T>(...).call(&T::method, ...)");
  }
}

// Explains why F is no RemoteCallable.
template <class F>
auto explain_callable() {
  if constexpr (std::is_same_v<F, Refused> || RemoteCallable<F>) {
    // It has been explained, or needs no explanation.
  } else if constexpr (std::is_member_function_pointer_v<F>) {
    static_assert(always_false<F>,
                  "manta::remote(&C::method): a method needs an object, and that lives in this "
                  "process only. Make it an actor, manta::actor<C>(...).call(&C::method, ...), or "
                  "send the object along: manta::remote([](const C& c, ...) { return "
                  "c.method(...); })(c, ...)");
  } else if constexpr (std::is_member_object_pointer_v<F>) {
    static_assert(always_false<F>,
                  "manta::remote(&C::member): a data member is no function. Take the object as a "
                  "parameter, manta::remote([](const C& c) { return c.member; })(c), or ask an "
                  "actor: handle.call([](C& c) { return c.member; })");
  } else if constexpr (CVariadic<F>) {
    static_assert(
        always_false<F>,
        "manta::remote(f): f has C variadic arguments (`...`, as printf has), whose types "
        "are not known. Call it in a lambda that names them: manta::remote([](int x) { "
        "return std::printf(\"%d\\n\", x); })");
  } else if constexpr (is_std_function<F>) {
    static_assert(always_false<F>,
                  "manta::remote(f): a std::function hides what it holds, so it cannot be sent. "
                  "Pass the function or the lambda itself, or keep it as a "
                  "manta::RemoteFunction<R(A...)> instead");
  } else if constexpr (std::is_bind_expression_v<F>) {
    static_assert(always_false<F>,
                  "manta::remote(f): the result of std::bind has no signature and hides what it "
                  "holds. Use a lambda, or manta::capture(f, values...), which calls f(values..., "
                  "args...)");
  } else if constexpr (is_reference_wrapper<F>) {
    static_assert(always_false<F>,
                  "manta::remote(std::ref(f)): a reference means nothing in another process. Pass "
                  "f itself, or make it an actor");
  } else if constexpr (is_remote_function<F>) {
    static_assert(always_false<F>,
                  "manta::remote(f): f is a remote function already: call it, f(args...). Options "
                  "are given where it is made: manta::remote(function, options)");
  } else if constexpr (std::is_same_v<F, std::nullptr_t>) {
    static_assert(always_false<F>, "manta::remote(nullptr): there is no function to call");
  } else if constexpr (std::is_convertible_v<F, std::string_view>) {
    static_assert(always_false<F>,
                  "manta::remote(\"name\"): a text is no function. A function is called by its "
                  "name with manta::remote_named<R(A...)>(\"name\")(args...)");
  } else if constexpr (std::is_class_v<F>) {
    explain_class<F>();
  } else {
    static_assert(always_false<F>,
                  "manta::remote(x): x is a value that cannot be called. If it is the result of a "
                  "call, such as manta::remote(f(3)), write manta::remote(f)(3): the arguments "
                  "stand in parentheses of their own");
  }
}

// The same for a callable that is given to handle.call().
template <class F>
auto explain_called_on() {
  if constexpr (std::is_member_object_pointer_v<F>) {
    static_assert(
        always_false<F>,
        "handle.call(&C::member): a data member is no method: handle.call([](const C& c) { "
        "return c.member; })");
  } else if constexpr (std::is_convertible_v<F, std::string_view>) {
    static_assert(always_false<F>,
                  "handle.call(\"name\"): a text is no method: handle.call(&C::method, args...)");
  } else if constexpr (RemoteCallable<F>) {
    static_assert(always_false<F>,
                  "ActorHandle::call(callable): its first parameter must take a T&");
  } else if constexpr (HasCallOperator<F> && !HidesItsTarget<F> && !CVariadic<F>) {
    static_assert(
        always_false<F>,
        "ActorHandle::call(callable): a generic callable; name its parameter types, T& first");
  } else {
    explain_callable<F>();
  }
}

template <class None>
auto explain_no_method() {
  static_assert(always_false<None>,
                "handle.call(): there is no method to call: handle.call(&C::method, args...)");
}

// The default of a template parameter that any argument deduces, except a set of overloads: so only such a set
// instantiates it. `None` is void unless the caller has said a signature.
template <class None>
struct OverloadedFunction {
  static_assert(
      !std::is_void_v<None>,
      "manta::remote(f): f is an overloaded function or a function template, so there are "
      "several: say which by its signature, manta::remote<R(A...)>(f)");
  using type = Refused;
};
template <class None>
struct OverloadedMethod {
  static_assert(
      !std::is_void_v<None>,
      "handle.call(&C::method, ...): the method is overloaded or a template, so there are "
      "several: say which by its signature, handle.call<R(A...)>(&C::method, ...)");
  using type = Refused;
};

// A set of overloads as a template argument, remote<f>(x): nothing else converts to this type.
template <template <class> class Explanation>
struct OverloadsAsArgument {
  template <class None = void, class F = typename Explanation<None>::type>
    requires always_false<F>
  consteval OverloadsAsArgument(F) {}
};

}  // namespace detail
}  // namespace manta
