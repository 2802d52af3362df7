// Remote functions: manta::remote(f)(args...) runs f(args...) in a worker process and gives an ObjectRef to its result.
//
//   ObjectRef<double> m = remote(mean)(data);            any function, lambda or function object; returns at once
//   ObjectRef<double> s = remote(scale)(m, 2.0);         a ref where a double is expected: chained
//   auto [q, r] = remote(divide).unpack()(7, 2);         a tuple result as a tuple of refs
//   remote(f, TaskOptions{.name = "load", .cpus = 2})(x)
//   remote<f>(x)        remote<int(int, int)>(overloaded)(1, 2)
//
// How an argument meets its parameter: if it converts, it is passed as it is (so a parameter that is an ObjectRef gets
// the reference itself); else an ObjectRef<U> is resolved, and U must convert; a vector<ObjectRef<U>> for a vector<T> is
// resolved element by element. vector<double> and Array<double> stand for each other; a wrapper or reduced(x) for what it
// comes back as. Small values travel with the call
// (64 KiB in all), larger ones are put in the store once.
// TaskOptions::max_retries counts the crashes of the worker that runs the call. A call that its own caller runs in place,
// while that waits for it in get() or wait(), crashes with the caller: then the caller is tried again, by its max_retries.
// Errors: InvalidArgument at the call (no session, a bad option, a captured address, a function of a system library);
//         the task's own error from get(). What cannot be called does not compile: explain_remote.h says why.
// Threads: a RemoteFunction may be called from any thread.
#pragma once
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "../../base/error.h"
#include "../ownership/object_ref.h"
#include "call_builder.h"
#include "call_check.h"
#include "closure_bytes.h"
#include "explain_callable.h"
#include "stub.h"

namespace manta {

namespace detail {

void pass_list(CallBuilder& call, const auto& refs) {
  std::vector<ObjectEntryRef> entries;
  entries.reserve(refs.size());
  for (const auto& ref : refs) entries.push_back(RefAccess::entry(ref));
  call.list(entries);
}

template <class P, class A>
void pass_argument(CallBuilder& call, A&& argument) {
  using Plain = std::remove_cvref_t<A>;
  constexpr Passing how = passing<A&&, P>();
  if constexpr (how == Passing::reference) {
    call.reference(RefAccess::entry(argument));
  } else if constexpr (how == Passing::list) {
    pass_list(call, argument);
  } else if constexpr (kReadAs<Plain, Holder<P>>) {
    call.value(static_cast<const Plain&>(argument));
  } else if constexpr (std::is_convertible_v<A&&, Holder<P>>) {
    if constexpr (std::is_arithmetic_v<Holder<P>> && std::is_arithmetic_v<Plain>) {
      call.value(static_cast<Holder<P>>(argument));  // as a constant in a call: without a warning
    } else {
      const Holder<P> converted = std::forward<A>(argument);
      call.value(converted);
    }
  } else if constexpr (how != Passing::mismatch) {
    const std::remove_cvref_t<P> view = std::forward<A>(argument);
    call.value(owned(view));
  }
}

template <class Parameters, class... Args>
void pass_all(CallBuilder& call, Args&&... args) {
  [&]<class... P>(Types<P...>) {
    (pass_argument<P>(call, std::forward<Args>(args)), ...);
  }(Parameters{});
}

enum class Unpacking { none, tuple, vector };

template <class R>
struct TupleOfRefs;
template <class... T>
struct TupleOfRefs<std::tuple<T...>> {
  using type = std::tuple<ObjectRef<Stored<T>>...>;
};
template <class A, class B>
struct TupleOfRefs<std::pair<A, B>> {
  using type = std::tuple<ObjectRef<Stored<A>>, ObjectRef<Stored<B>>>;
};

template <class Tuple>
Tuple tuple_of(std::vector<ObjectEntryRef> entries) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return Tuple(RefAccess::make<std::tuple_element_t<I, Tuple>>(std::move(entries[I]))...);
  }(std::make_index_sequence<std::tuple_size_v<Tuple>>{});
}

template <class R, Unpacking How>
auto submit_as(CallBuilder& call, std::size_t n) {
  using Plain = std::remove_cvref_t<R>;
  if constexpr (How == Unpacking::tuple) {
    static_assert(IsTuple<Plain>::value,
                  "unpack() needs a function that returns a std::tuple or std::pair; for a vector "
                  "say unpack(n)");
    if constexpr (IsTuple<Plain>::value) {
      using Tuple = typename TupleOfRefs<Plain>::type;
      return tuple_of<Tuple>(call.submit(std::tuple_size_v<Tuple>));
    } else {
      return Refused();
    }
  } else if constexpr (How == Unpacking::vector) {
    static_assert(IsVector<Plain>::value, "unpack(n) needs a function that returns a std::vector");
    if constexpr (IsVector<Plain>::value) {
      using Ref = ObjectRef<Stored<typename IsVector<Plain>::Element>>;
      std::vector<Ref> refs;
      refs.reserve(n);
      for (auto& entry : call.submit(n)) refs.push_back(RefAccess::make<Ref>(std::move(entry)));
      return refs;
    } else {
      return Refused();
    }
  } else {
    return RefAccess::make<RefTo<R>>(call.submit());
  }
}

// What a call gives that was explained: the type it would have had, if there is one.
template <class R, Unpacking How>
auto after_explaining() {
  if constexpr (result_fits<R>()) {
    return decltype(submit_as<R, How>(std::declval<CallBuilder&>(), 0))();
  } else {
    return Refused();
  }
}

}  // namespace detail

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

template <class Derived>
class Callable {
 public:
  template <class... Args>
  auto operator()(Args&&... args) const {
    return self().template submit<Unpacking::none>(1, std::forward<Args>(args)...);
  }
  // A tuple result as a tuple of refs.
  auto unpack() const { return Unpacked<Derived, Unpacking::tuple>(self(), 0); }
  // A vector<T> result of n elements as vector<ObjectRef<T>>; with another length each ref holds InvalidArgument.
  auto unpack(std::size_t n) const { return Unpacked<Derived, Unpacking::vector>(self(), n); }

 private:
  const Derived& self() const { return static_cast<const Derived&>(*this); }
};

using OptionsRef = std::shared_ptr<const TaskOptions>;  // null: the defaults
bool all_default(const TaskOptions& options);

inline OptionsRef keep(TaskOptions&& options) {  // they are checked at the call
  return all_default(options) ? nullptr : std::make_shared<const TaskOptions>(std::move(options));
}

template <class F, class Parameters, class... Args>
struct StubFor;
template <class F, class... P, class... Args>
struct StubFor<F, Types<P...>, Args...> {
  using type = std::conditional_t<
      std::is_pointer_v<F>, FunctionStub<F, Plan<Args, P>...>,
      ClosureStub<F, typename CallableSignature<F>::Result, Types<P...>, Plan<Args, P>...>>;
};

}  // namespace detail

// f is a function pointer or a class-type callable.
template <class F>
class RemoteFunction : public detail::Callable<RemoteFunction<F>> {
  using Signature = detail::CallableSignature<F>;

 public:
  RemoteFunction(F f, TaskOptions options)
      : f_(std::move(f)), options_(detail::keep(std::move(options))) {}

  // operator(), unpack(), unpack(n): see detail::Callable
  template <detail::Unpacking How, class... Args>
  auto submit(std::size_t n, Args&&... args) const {
    using Parameters = typename Signature::Parameters;
    using R = typename Signature::Result;
    using Check = detail::CallCheck<R, Parameters, Args&&...>;
    if constexpr (!Check::fits()) {
      Check::explain();
      return detail::after_explaining<R, How>();
    } else if constexpr (!detail::kStateTravels<F>) {
      detail::explain_state<F>();
      return detail::after_explaining<R, How>();
    } else {
      using Stub = typename detail::StubFor<F, Parameters, Args&&...>::type;
      detail::CallBuilder call(spec(Stub::stub()));
      if constexpr (!std::is_pointer_v<F>) {
        if constexpr (!detail::Stateless<F>) {
          detail::ClosureState<F>::save(f_, [&](const auto& state) { call.value(state); });
        }
      }
      detail::pass_all<Parameters>(call, std::forward<Args>(args)...);
      return detail::submit_as<R, How>(call, n);
    }
  }

  const F& function() const { return f_; }
  const detail::OptionsRef& options() const { return options_; }

 private:
  detail::CallSpec spec(detail::Stub stub) const {
    detail::CallSpec spec;
    spec.stub = detail::identify_stub(stub);
    if constexpr (std::is_pointer_v<F>) {
      spec.target = detail::identify_function(reinterpret_cast<std::uintptr_t>(f_));
    } else if constexpr (detail::kCapturedFunction<F>) {  // for its name
      spec.target = detail::identify_function(reinterpret_cast<std::uintptr_t>(f_.function()));
    }
    spec.options = &options_;
    spec.name = detail::kGivenName<F>;  // of a function by pointer: from the symbols
    return spec;
  }

  F f_;
  detail::OptionsRef options_;
};

namespace detail {

template <class... Args, class... P>
constexpr bool as_declared(Types<P...>) {
  return (std::is_same_v<Plan<Args, P>, Decode<Holder<P>>> && ...);
}

// A call of a function of which no more than R and its parameters is known.
template <class R, class Parameters, class... Args>
struct SignatureCheck : CallCheck<R, Parameters, Args...> {
  static void require_declared() {
    static_assert(as_declared<Args...>(Parameters{}),
                  "a function known by its signature takes a ref only of the parameter's own type: "
                  "convert in a task of your own");
  }
};

}  // namespace detail

// A remote function of a given signature, whatever the callable: a serializable value that can be stored, passed to a
// task and called there. A ref argument must refer to the parameter's own type (or one of the same encoding).
template <class R, class... P>
class RemoteFunction<R(P...)> : public detail::Callable<RemoteFunction<R(P...)>> {
 public:
  RemoteFunction() = default;
  template <class F>
    requires(!std::is_function_v<F>)
  RemoteFunction(const RemoteFunction<F>& other)
      : RemoteFunction(other.function(), other.options()) {}
  template <class F>
  RemoteFunction(const F& f, detail::OptionsRef options) : options_(std::move(options)) {
    if constexpr (std::is_pointer_v<F>) {
      stub_ = detail::identify_stub(
          detail::FunctionStub<F, detail::Decode<detail::Holder<P>>...>::stub());
      target_ = detail::identify_function(reinterpret_cast<std::uintptr_t>(f));
    } else if constexpr (!detail::kStateTravels<F>) {
      detail::explain_state<F>();
    } else {
      stub_ =
          detail::identify_stub(detail::ClosureStub<F, R, detail::Types<P...>,
                                                    detail::Decode<detail::Holder<P>>...>::stub());
      if constexpr (!detail::Stateless<F>) {
        detail::ClosureState<F>::save(
            f, [&](const auto& state) { state_ = detail::ClosureBytes::of(state); });
      }
    }
  }

  template <detail::Unpacking How, class... Args>
  auto submit(std::size_t n, Args&&... args) const {
    using Check = detail::SignatureCheck<R, detail::Types<P...>, Args&&...>;
    if constexpr (Check::fits()) {
      Check::require_declared();
      if (!*this)
        throw InvalidArgument(
            "an empty RemoteFunction was called: it was made by its default constructor");
      detail::CallSpec spec;
      spec.stub = stub_;
      spec.target = target_;
      spec.options = &options_;
      detail::CallBuilder call(spec);
      if (state_) state_.append_to(call);
      detail::pass_all<detail::Types<P...>>(call, std::forward<Args>(args)...);
      return detail::submit_as<R, How>(call, n);
    } else {
      Check::explain();
      return detail::after_explaining<R, How>();
    }
  }
  explicit operator bool() const { return stub_.image != 0; }

 private:
  friend struct serialization::Codec<RemoteFunction>;
  detail::CodeId stub_;
  detail::CodeId target_;  // of a function
  detail::ClosureBytes state_;
  detail::OptionsRef options_;
};

namespace detail {

// What of a RemoteFunction<R(A...)> travels, besides the closure's state.
struct RemoteFunctionParts {
  std::uint64_t stub_image = 0, stub_offset = 0, target_image = 0, target_offset = 0;
  bool stateful = false, with_options = false;
  std::string name;
  double cpus = 0;
  Resources resources;
  int max_retries = 0;

  void set_options(const OptionsRef& options);
  OptionsRef options() const;
};

}  // namespace detail

template <class R, class... P>
struct serialization::Codec<RemoteFunction<R(P...)>> {
  using Parts = detail::RemoteFunctionParts;
  static void write(Writer& writer, const RemoteFunction<R(P...)>& f) {
    Parts parts;
    parts.stub_image = f.stub_.image;
    parts.stub_offset = f.stub_.offset;
    parts.target_image = f.target_.image;
    parts.target_offset = f.target_.offset;
    parts.stateful = static_cast<bool>(f.state_);
    parts.set_options(f.options_);
    {
      const Writer::Temporary temporary(writer);
      Codec<Parts>::write(writer, parts);
    }
    if (f.state_) f.state_.write(writer);
  }
  static RemoteFunction<R(P...)> read(Reader& reader) {
    const auto parts = Codec<Parts>::read(reader);
    RemoteFunction<R(P...)> f;
    f.stub_ = {parts.stub_image, parts.stub_offset};
    f.target_ = {parts.target_image, parts.target_offset};
    f.options_ = parts.options();
    if (parts.stateful) f.state_ = detail::ClosureBytes::read(reader);
    return f;
  }
  static void describe(TypeText& text) {
    text.append("function ");
    text.append(kTypeName<R(P...)>);
  }
};

namespace detail {

template <class Given, class F = std::decay_t<Given>>
concept RemoteArgument = RemoteCallable<F> && std::is_constructible_v<F, Given>;

template <class Given, class Signature, class F = std::decay_t<Given>>
concept CallableAs =
    std::is_function_v<Signature> && KnownSignature<Signature*> && !HidesItsTarget<F> &&
    (std::is_convertible_v<Given, Signature*> ||
     (kIsCalled<F, Signature> && std::is_constructible_v<F, Given>));

}  // namespace detail

template <class F>
  requires(!std::is_function_v<F> && detail::RemoteArgument<F>)
RemoteFunction<std::decay_t<F>> remote(F&& f, TaskOptions options = {}) {
  return RemoteFunction<std::decay_t<F>>(std::forward<F>(f), std::move(options));
}

// An overloaded function by its signature: remote<int(int, int)>(add)(1, 2).
template <class Signature>
  requires std::is_function_v<Signature> && detail::KnownSignature<Signature*>
RemoteFunction<Signature> remote(std::type_identity_t<Signature>* f, TaskOptions options = {}) {
  return RemoteFunction<Signature>(f, detail::keep(std::move(options)));
}

// A generic callable by its signature.
template <class Signature, class F>
  requires std::is_class_v<F> && detail::CallableAs<F, Signature>
RemoteFunction<Signature> remote(F f, TaskOptions options = {}) {
  return RemoteFunction<Signature>(f, detail::keep(std::move(options)));
}

// A function known at compile time: remote<f>(args...).
template <auto F, class... Args>
auto remote(Args&&... args) {
  using Callable = std::decay_t<decltype(F)>;
  if constexpr (detail::RemoteCallable<Callable>) {
    return RemoteFunction<detail::StaticFunction<F>>(detail::StaticFunction<F>{},
                                                     TaskOptions{})(std::forward<Args>(args)...);
  } else {
    detail::explain_callable<Callable>();
    return detail::Refused();
  }
}

}  // namespace manta
