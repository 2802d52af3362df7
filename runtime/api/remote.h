// Remote functions: manta::remote(f)(args...) runs f(args...) in a worker process and gives an ObjectRef to its result.
//
//   ObjectRef<double> m = remote(mean)(data);            any function, lambda or function object; returns at once
//   ObjectRef<double> s = remote(scale)(m, 2.0);         a ref where a double is expected: chained
//   auto [q, r] = remote(divide).unpack()(7, 2);         a tuple result as a tuple of refs
//   remote(f, TaskOptions{.name = "load", .cpus = 2})(x)
//   remote<f>(x)        remote<int(int, int)>(overloaded)(1, 2)
//
// How an argument meets its parameter: if it converts, it is passed as it is, so that a parameter that is an ObjectRef
// gets the reference itself. Else an ObjectRef<U> is resolved, and the U must convert; a vector<ObjectRef<U>> for a
// vector<T> is resolved element by element. vector<double> and Array<double> stand for each other, and a wrapper or
// reduced(x) for what it comes back as. Small values travel with the call (64 KiB in all); larger ones are put into the
// store, once.
// TaskOptions::max_retries counts crashes of the worker that runs the call. If a task runs the call in place while it
// waits for it in get() or wait(), a crash of the call is a crash of the task: then the task is tried again, by its own
// max_retries.
// Errors:  InvalidArgument at the call (no session, a bad option, a captured address, a function of a system library);
//          the task's own error from get(). What cannot be called does not compile: explain_remote.h says why.
// Threads: a RemoteFunction may be called from any thread.
#pragma once
#include <type_traits>
#include <utility>

#include "erased_function.h"
#include "explain_callable.h"
#include "remote_function.h"

namespace manta {

namespace detail {

template <class Given, class F = std::decay_t<Given>>
concept RemoteArgument = RemoteCallable<F> && std::is_constructible_v<F, Given>;

template <class Given, class Signature, class F = std::decay_t<Given>>
concept CallableAs =
    std::is_function_v<Signature> && KnownSignature<Signature*> && !HidesItsTarget<F> &&
    (std::is_convertible_v<Given, Signature*> ||
     (is_called_with<F, Signature> && std::is_constructible_v<F, Given>));

}  // namespace detail

// A function, a lambda or a function object: remote(f)(args...). Errors: at the call.
template <class F>
  requires(!std::is_function_v<F> && detail::RemoteArgument<F>)
RemoteFunction<std::decay_t<F>> remote(F&& f) {
  return RemoteFunction<std::decay_t<F>>(std::forward<F>(f));
}
template <class F>
  requires(!std::is_function_v<F> && detail::RemoteArgument<F>)
RemoteFunction<std::decay_t<F>> remote(F&& f, TaskOptions options) {
  return RemoteFunction<std::decay_t<F>>(std::forward<F>(f), std::move(options));
}

// An overloaded function by its signature: remote<int(int, int)>(add)(1, 2).
template <class Signature>
  requires std::is_function_v<Signature> && detail::KnownSignature<Signature*>
RemoteFunction<Signature> remote(std::type_identity_t<Signature>* f) {
  return RemoteFunction<Signature>(f, nullptr);
}
template <class Signature>
  requires std::is_function_v<Signature> && detail::KnownSignature<Signature*>
RemoteFunction<Signature> remote(std::type_identity_t<Signature>* f, TaskOptions options) {
  return RemoteFunction<Signature>(f, detail::keep(std::move(options)));
}

// A generic callable, by the signature with which it is called: remote<int(int)>([](auto x) { return x; })(1).
template <class Signature, class F>
  requires std::is_class_v<F> && detail::CallableAs<F, Signature>
RemoteFunction<Signature> remote(F f) {
  return RemoteFunction<Signature>(f, nullptr);
}
template <class Signature, class F>
  requires std::is_class_v<F> && detail::CallableAs<F, Signature>
RemoteFunction<Signature> remote(F f, TaskOptions options) {
  return RemoteFunction<Signature>(f, detail::keep(std::move(options)));
}

// A function that is known at compile time: remote<f>(args...). It calls at once and gives the ObjectRef.
template <auto F, class... Args>
auto remote(Args&&... args) {
  using Callable = std::decay_t<decltype(F)>;
  if constexpr (detail::RemoteCallable<Callable>) {
    return RemoteFunction<detail::StaticFunction<F>>(detail::StaticFunction<F>{})(
        std::forward<Args>(args)...);
  } else {
    detail::explain_callable<Callable>();
    return detail::Refused();
  }
}

}  // namespace manta
