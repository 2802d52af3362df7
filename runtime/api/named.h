// Functions with a name of their own: shown in errors and tools, and by which other programs find them.
//
//   const auto add = manta::named<"add">([](int a, int b) { return a + b; });   in the program that has it
//   remote(add)(1, 2);
//   remote_named<int(int, int)>("add")(1, 2);    in any other, whose workers run the first (InitOptions::worker)
//
// A function is found if it has no captured state and the program contains a call named<"add">(...), whether that line
// ever runs or not. The signature is checked by the encodings of its types, so that both programs may declare their
// structs, if these have the same members.
// Errors:  a name that is empty or not known at compile time, and a function that is given by its value, do not
//          compile; InvalidArgument at the call for an empty name; from get(): NotFound, which lists the names that the
//          worker's program has; SerializationError, with both signatures; BuildMismatch for a function of another
//          program that is not called by name. Threads: values.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "../code/named_function.h"
#include "remote.h"

namespace manta {

namespace detail {

template <class... P>
constexpr bool all_travel(Types<P...>) {
  return (serialization::is_serializable<Holder<P>> && ...);
}

template <class F>
constexpr bool callable_by_name() {
  if constexpr (Stateless<F> && KnownSignature<F>) {
    using Signature = CallableSignature<F>;
    return all_travel(typename Signature::Parameters{}) &&
           result_fits<typename Signature::Result>();
  } else {
    return false;
  }
}

// "(i32,seq<f64>)->f64"
template <class R, class... P>
std::string signature_text(Types<P...>) {
  std::string text = "(";
  std::size_t i = 0;
  ((text.append(i++ == 0 ? "" : ",").append(serialization::type_text<Holder<P>>())), ...);
  text.append(")->");
  if constexpr (std::is_void_v<R>) {
    text.append("void");
  } else if constexpr (is_generator<R>) {
    text.append("stream<").append(serialization::type_text<Stored<ItemOf<R>>>()).append(">");
  } else {
    text.append(serialization::type_text<Stored<R>>());
  }
  return text;
}

// Argument 0 of the call is the name, which has been looked at.
template <class F, class R, class... P>
struct NamedStub {
  static void run(CallContext& call) {
    ClosureStub<F, R, Types<P...>, Decode<Holder<P>>...>::invoke(call, 1, F{});
  }
  static std::string signature() { return signature_text<R>(Types<P...>{}); }
};

template <class F, class R, class... P>
NamedFunction named_function(Types<P...>) {
  using Callee = NamedStub<F, R, P...>;
  return {kGivenName<F>, serialization::kTypeName<F>, &Callee::signature, &Callee::run};
}

// Naming `registered` makes F known by its name in every process of the program; hidden: as for stubs (stub.h).
template <class F>
struct NamedRegistrationOf {
  [[gnu::visibility("hidden")]] static inline const NamedRegistration registered{
      named_function<F, typename CallableSignature<F>::Result>(
          typename CallableSignature<F>::Parameters{})};
};

template <class F>
F known_by_name(F f) {
  if constexpr (callable_by_name<F>()) (void)&NamedRegistrationOf<F>::registered;
  return f;
}

}  // namespace detail

namespace detail {

// Whether F can have this name; explain_named() is the compile error if not.
template <FixedString Name, class F>
constexpr bool can_be_named() {
  return sizeof(Name.text) > 1 && sizeof(Name.text) <= kMostNameBytes + 1 && RemoteCallable<F> &&
         !std::is_pointer_v<F>;
}
template <FixedString Name, class F>
auto explain_named() {
  static_assert(sizeof(Name.text) > 1, "manta::named<\"\">(f): the name is empty");
  static_assert(sizeof(Name.text) <= kMostNameBytes + 1,
                "manta::named<\"name\">(f): the name has more than 1024 bytes");
  if constexpr (RemoteCallable<F>) {
    static_assert(!std::is_pointer_v<F>,
                  "manta::named<\"name\">(f) of a function cannot be found by its name, since f is "
                  "known only when the program runs: write manta::named<\"name\", f>()");
  } else {
    explain_callable<F>();
  }
}

template <FixedString Name, class F>
auto named_or_explained(F f) {
  if constexpr (can_be_named<Name, F>()) {
    return known_by_name(Named<Name, F>{{std::move(f)}});
  } else {
    explain_named<Name, F>();
    return Refused();
  }
}

}  // namespace detail

// A callable of the name Name, for a lambda or function object: named<"add">(lambda). The result is called, and given
// to remote(), as f is.
template <FixedString Name, class F>
auto named(F f) {
  return detail::named_or_explained<Name>(std::move(f));
}
// The same for a function: named<"add", add>().
template <FixedString Name, auto F>
auto named() {
  if constexpr (detail::RemoteCallable<std::decay_t<decltype(F)>>) {
    return detail::named_or_explained<Name>(detail::StaticFunction<F>{});
  } else {
    detail::explain_named<Name, std::decay_t<decltype(F)>>();
    return detail::Refused();
  }
}
template <class Signature>
class RemoteNamed;

// A function of the program that the workers run, by its name. Called like a RemoteFunction<R(A...)>.
template <class R, class... P>
class RemoteNamed<R(P...)> : public detail::Callable<RemoteNamed<R(P...)>> {
 public:
  RemoteNamed(std::string_view name, detail::OptionsRef options)
      : called_{std::string(name), detail::signature_text<R>(detail::Types<P...>{})},
        options_(std::move(options)) {}

  // operator(), unpack(), unpack(n): see detail::Callable
  template <detail::Unpacking How, class... Args>
  auto submit(std::size_t n, Args&&... args) const {
    detail::check_called(called_);
    detail::CallSpec spec;
    spec.stub = detail::kCalledByName;
    spec.name = called_.name;
    spec.options = &options_;
    spec.gives_items = detail::is_generator<R>;
    const auto add_name = [this](detail::CallBuilder& call) { call.value(called_); };
    return detail::submit_declared<R, detail::Types<P...>, How>(spec, n, add_name,
                                                                std::forward<Args>(args)...);
  }

 private:
  detail::CalledByName called_;
  detail::OptionsRef options_;
};

// The function of this name: remote_named<int(int, int)>("add")(1, 2). Errors: at the call, and from get(); see above.
template <class Signature>
  requires std::is_function_v<Signature> && detail::KnownSignature<Signature*>
RemoteNamed<Signature> remote_named(std::string_view name) {
  return RemoteNamed<Signature>(name, nullptr);
}
template <class Signature>
  requires std::is_function_v<Signature> && detail::KnownSignature<Signature*>
RemoteNamed<Signature> remote_named(std::string_view name, TaskOptions options) {
  return RemoteNamed<Signature>(name, detail::keep(std::move(options)));
}
}  // namespace manta
