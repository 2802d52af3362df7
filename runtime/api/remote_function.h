// RemoteFunction<F>: what manta::remote(f) returns. See remote.h.
//
// Errors: InvalidArgument at the call. Threads: a RemoteFunction may be called from any thread.
#pragma once
#include <memory>
#include <type_traits>
#include <utility>

#include "submit.h"

namespace manta {

template <class F>
class RemoteFunction;

namespace detail {

// A remote function with its results unpacked: what unpack() returns.
template <class Function, Unpacking How>
class Unpacked {
 public:
  Unpacked(Function function, std::size_t n) : function_(std::move(function)), n_(n) {}
  template <class... Args>
  auto operator()(Args&&... args) const {
    return function_.template submit<How>(n_, std::forward<Args>(args)...);
  }

 private:
  Function function_;
  std::size_t n_;
};

// What all remote functions can do, by the submit() of the class that derives from this one.
template <class Derived>
class Callable {
 public:
  template <class... Args>
  auto operator()(Args&&... args) const {
    return self().template submit<Unpacking::kNone>(1, std::forward<Args>(args)...);
  }
  // A tuple result as a tuple of refs.
  auto unpack() const { return Unpacked<Derived, Unpacking::kTuple>(self(), 0); }
  // A vector<T> result of n elements as vector<ObjectRef<T>>; with another length each ref holds InvalidArgument.
  auto unpack(std::size_t n) const { return Unpacked<Derived, Unpacking::kVector>(self(), n); }

 private:
  const Derived& self() const { return static_cast<const Derived&>(*this); }
};

using OptionsRef = std::shared_ptr<const TaskOptions>;  // null: the defaults
bool all_default(const TaskOptions& options);

// They are checked at the call.
inline OptionsRef keep(TaskOptions&& options) {
  return all_default(options) ? nullptr : std::make_shared<const TaskOptions>(std::move(options));
}

// The stub of a callable F whose arguments are these.
template <class F, class Parameters, class... Args>
struct StubFor;
template <class F, class... P, class... Args>
struct StubFor<F, Types<P...>, Args...> {
  using type = std::conditional_t<
      std::is_pointer_v<F>, FunctionStub<F, Plan<Args, P>...>,
      ClosureStub<F, typename CallableSignature<F>::Result, Types<P...>, Plan<Args, P>...>>;
};

}  // namespace detail

// A remote function whose callable is known: F is a function pointer or a class with a call operator. Call it with the
// arguments of the function: it gives an ObjectRef to the result, at once.
template <class F>
class RemoteFunction : public detail::Callable<RemoteFunction<F>> {
  using Signature = detail::CallableSignature<F>;

 public:
  RemoteFunction(F f, TaskOptions options)
      : f_(std::move(f)), options_(detail::keep(std::move(options))) {}
  explicit RemoteFunction(F f) : f_(std::move(f)) {}  // with the defaults

  // operator(), unpack(), unpack(n): see detail::Callable
  template <detail::Unpacking How, class... Args>
  auto submit(std::size_t n, Args&&... args) const {
    using Parameters = typename Signature::Parameters;
    using R = typename Signature::Result;
    using Check = detail::CallableCheck<F, R, Parameters, Args&&...>;
    if constexpr (!Check::fits()) {
      return detail::explained<Check, R, How>();
    } else {
      using Stub = typename detail::StubFor<F, Parameters, Args&&...>::type;
      const detail::CallKey key{Stub::stub(), target(), options_.get(),
                                detail::kGivenName<F>.data()};
      detail::CallBuilder call(key, this, &RemoteFunction::make_spec);
      detail::pass_state(call, f_);
      detail::pass_all<Parameters>(call, std::forward<Args>(args)...);
      return detail::submit_as<R, How>(call, n);
    }
  }

  const F& function() const { return f_; }
  const detail::OptionsRef& options() const { return options_; }

 private:
  // A captured function is one for its name.
  static constexpr bool kHasTarget = std::is_pointer_v<F> || detail::is_captured_function<F>;
  std::uintptr_t target() const {
    if constexpr (std::is_pointer_v<F>) {
      return reinterpret_cast<std::uintptr_t>(f_);
    } else if constexpr (kHasTarget) {
      return reinterpret_cast<std::uintptr_t>(f_.function());
    } else {
      return 0;
    }
  }
  static detail::CallSpec make_spec(const void* self, const detail::CallKey& key) {
    return static_cast<const RemoteFunction*>(self)->spec(key.stub);
  }
  detail::CallSpec spec(detail::Stub stub) const {
    detail::CallSpec spec;
    spec.stub = detail::identify_stub(stub);
    if constexpr (kHasTarget) spec.target = detail::identify_function(target());
    spec.options = &options_;
    spec.gives_items = detail::is_generator<typename Signature::Result>;
    spec.name = detail::kGivenName<F>;  // of a function by pointer: from the symbols
    return spec;
  }

  F f_;
  detail::OptionsRef options_;
};

}  // namespace manta
