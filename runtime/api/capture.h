// The state of closures: what a lambda needs beyond its code, and how that travels.
//
//   remote([](int x) { return x + 1; })                        no captures: only the code is named
//   remote([k](int x) { return x + k; })                       trivially copyable captures, no address: their bytes
//   remote(plain([p](int x) { ... }))                          the same, without the check for addresses
//   remote(capture([](const std::string& s, int x) {...}, s))  any serializable values, which are its first arguments
//   remote(named<"add">([](int a, int b) { return a + b; }))   a name of its own: named.h
//
// Errors:  InvalidArgument at the call for a trivially copyable capture that holds an address: a pointer, a reference,
//          or an integer of that size that is captured itself; neither padding nor the members of a captured struct
//          count (decision 015). Threads: values.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "../../serialization/types/captured_words.h"
#include "../../serialization/types/type_name.h"
#include "../code/code_id.h"
#include "refused.h"
#include "signature.h"

namespace manta {

// A text as a template parameter.
template <std::size_t N>
struct FixedString {
  char text[N];
  constexpr FixedString(const char (&s)[N]) : text{} {
    for (std::size_t i = 0; i < N; ++i) text[i] = s[i];
  }
};

namespace detail {

// What capture(f, values...) returns.
template <class F, class... C>
class Captured {
 public:
  Captured() = default;
  Captured(F f, std::tuple<C...> values) : f_(std::move(f)), values_(std::move(values)) {}

  template <class... Args>
    requires std::is_invocable_v<const F&, const C&..., Args...>
  auto operator()(Args&&... args) const -> std::invoke_result_t<const F&, const C&..., Args...> {
    return std::apply(
        [&](const C&... captured) -> std::invoke_result_t<const F&, const C&..., Args...> {
          return f_(captured..., std::forward<Args>(args)...);
        },
        values_);
  }

  const F& function() const { return f_; }
  const std::tuple<C...>& values() const { return values_; }

 private:
  F f_;
  std::tuple<C...> values_;
};

// A callable that calls another.
template <class F>
struct Wrapper {
  [[no_unique_address]] F function;  // so that a wrapper is stateless if F is
  template <class... Args>
    requires std::is_invocable_v<const F&, Args...>
  decltype(auto) operator()(Args&&... args) const {
    return function(std::forward<Args>(args)...);
  }
};

// What plain(f) returns, and named<"name">(f).
template <class F>
struct Plain : Wrapper<F> {};
template <FixedString Name, class F>
struct Named : Wrapper<F> {};

// A function that is known at compile time, as a class.
template <auto F>
struct StaticFunction {
  template <class... Args>
    requires std::is_invocable_v<decltype(F), Args...>
  decltype(auto) operator()(Args&&... args) const {
    return F(std::forward<Args>(args)...);
  }
};

// Parameters without the first `Dropped`, which are for the captured values.
template <class Parameters, std::size_t Dropped>
struct DropFirst {
  using type = Parameters;
};
template <class First, class... Rest, std::size_t Dropped>
  requires(Dropped > 0)
struct DropFirst<Types<First, Rest...>, Dropped> : DropFirst<Types<Rest...>, Dropped - 1> {};

template <class F, class... C>
  requires KnownSignature<F>
struct CallableSignature<Captured<F, C...>> {
  using Result = typename CallableSignature<F>::Result;
  using Parameters =
      typename DropFirst<typename CallableSignature<F>::Parameters, sizeof...(C)>::type;
};
template <class F>
  requires KnownSignature<F>
struct CallableSignature<Plain<F>> : CallableSignature<F> {};
template <FixedString Name, class F>
  requires KnownSignature<F>
struct CallableSignature<Named<Name, F>> : CallableSignature<F> {};
template <auto F>
struct CallableSignature<StaticFunction<F>> : CallableSignature<std::decay_t<decltype(F)>> {};

// The name that a callable has given itself; empty if it has none.
template <class F>
inline constexpr std::string_view kGivenName = {};
template <FixedString Name, class F>
inline constexpr std::string_view kGivenName<Named<Name, F>> = {Name.text, sizeof(Name.text) - 1};

// Throws InvalidArgument if one of the words is an address of mapped memory. `closure` is the name of the closure's
// type.
void refuse_addresses(std::span<const std::uint64_t> words, std::string_view closure);

// The bytes of a closure. Padding is zero if the compiler can clear it (GCC).
template <class F>
std::array<unsigned char, sizeof(F)> bytes_of(const F& f) {
  alignas(F) std::array<unsigned char, sizeof(F)> bytes;
  std::memcpy(bytes.data(), &f, sizeof f);
#if __has_builtin(__builtin_clear_padding)
  __builtin_clear_padding(reinterpret_cast<F*>(bytes.data()));
#endif
  return bytes;
}

template <class F>
concept Stateless = std::is_empty_v<F> && std::is_trivially_copyable_v<F>;

// Whether the state of a callable travels; explain_state() is the compile error if not.
template <class F>
inline constexpr bool state_travels =
    std::is_trivially_copyable_v<F> || serialization::is_serializable<F>;
template <class F>
inline constexpr bool state_travels<Plain<F>> = std::is_trivially_copyable_v<F>;
template <FixedString Name, class F>
inline constexpr bool state_travels<Named<Name, F>> = state_travels<F>;
template <class F, class... C>
inline constexpr bool state_travels<Captured<F, C...>> =
    (Stateless<F> || std::is_pointer_v<F>)&&(serialization::is_serializable<C> && ...);

template <class F>
struct StateExplanation {
  static void explain() {
    if constexpr (serialization::type_node<F>.refusal != serialization::Refusal::kClosure) {
      serialization::require_serializable<F>();
    } else {
      static_assert(
          always_false<F>,
          "this lambda's captures cannot be copied to another process: captures cannot be listed "
          "in C++; use manta::capture(lambda, captured...), or a function object with serializable "
          "members");
    }
  }
};
template <class F>
struct StateExplanation<Plain<F>> {
  static void explain() {
    static_assert(always_false<F>,
                  "manta::plain() vouches for trivially copyable captures only; use "
                  "manta::capture(lambda, captured...)");
  }
};
template <FixedString Name, class F>
struct StateExplanation<Named<Name, F>> : StateExplanation<F> {};
template <class F, class... C>
struct StateExplanation<Captured<F, C...>> {
  static void explain() {
    if constexpr (!Stateless<F> && !std::is_pointer_v<F>) {
      static_assert(always_false<F>,
                    "manta::capture(lambda, captured...): the lambda itself must capture nothing; "
                    "give it every value as an argument");
    } else {
      (serialization::require_serializable<C>(), ...);
    }
  }
};
template <class F>
auto explain_state() {
  StateExplanation<F>::explain();
}

// The state of a callable as its bytes.
template <class F>
struct StateAsBytes {
  using Bytes = std::array<unsigned char, sizeof(F)>;
  template <class Sink>
  static void save(const F& f, Sink&& sink) {
    sink(bytes_of(f));
  }
  template <class Use>
  static decltype(auto) restore(const serialization::EncodedView& from, Use&& use) {
    alignas(F) Bytes bytes = serialization::decode<Bytes>(from);
    return use(*std::launder(reinterpret_cast<const F*>(bytes.data())));
  }
};

// How the state of a callable travels: save() gives `sink` a serializable value, and in the worker restore() gives
// `use` the callable again.
template <class F>
struct ClosureState {
  static constexpr bool serializable = serialization::is_serializable<F>;

  template <class Sink>
  static void save(const F& f, Sink&& sink) {
    if constexpr (serializable) {
      sink(f);
    } else {
      if constexpr (alignof(F) >= alignof(void*)) {
        refuse_addresses(serialization::captured_words(f), serialization::kTypeName<F>);
      }
      StateAsBytes<F>::save(f, sink);
    }
  }
  template <class Use>
  static decltype(auto) restore(const serialization::EncodedView& from, Use&& use) {
    if constexpr (serializable) {
      const F f = serialization::decode<F>(from);
      return use(f);
    } else {
      return StateAsBytes<F>::restore(from, use);
    }
  }
};
template <class F>
struct ClosureState<Plain<F>> : StateAsBytes<Plain<F>> {};
template <FixedString Name, class F>
struct ClosureState<Named<Name, F>> {
  template <class Sink>
  static void save(const Named<Name, F>& f, Sink&& sink) {
    ClosureState<F>::save(f.function, std::forward<Sink>(sink));
  }
  template <class Use>
  static decltype(auto) restore(const serialization::EncodedView& from, Use&& use) {
    return ClosureState<F>::restore(from, std::forward<Use>(use));
  }
};
template <class F, class... C>
struct ClosureState<Captured<F, C...>> {
  template <class Sink>
  static void save(const Captured<F, C...>& f, Sink&& sink) {
    sink(f.values());
  }
  template <class Use>
  static decltype(auto) restore(const serialization::EncodedView& from, Use&& use) {
    const Captured<F, C...> f(F{}, serialization::decode<std::tuple<C...>>(from));
    return use(f);
  }
};

// A function with captured values, capture(scale, 2.0): its address travels as a CodeId.
template <class F, class... C>
  requires std::is_function_v<F>
struct ClosureState<Captured<F*, C...>> {
  using Saved = std::tuple<std::uint64_t, std::uint64_t, std::tuple<C...>>;
  template <class Sink>
  static void save(const Captured<F*, C...>& f, Sink&& sink) {
    const CodeId code = identify_function(reinterpret_cast<std::uintptr_t>(f.function()));
    const Saved saved(code.image, code.offset, f.values());
    sink(saved);
  }
  template <class Use>
  static decltype(auto) restore(const serialization::EncodedView& from, Use&& use) {
    auto [image, offset, values] = serialization::decode<Saved>(from);
    const auto address = resolve_function({image, offset});
    const Captured<F*, C...> f(reinterpret_cast<F*>(address), std::move(values));
    return use(f);
  }
};

template <class F>
inline constexpr bool is_captured_function = false;
template <class F, class... C>
inline constexpr bool is_captured_function<Captured<F*, C...>> = std::is_function_v<F>;

}  // namespace detail

namespace detail {

// Whether captured values convert to the first parameters, and the compile error if not.
template <std::size_t Position, class Value, class Parameter>
struct CapturedValue {
  static constexpr bool converts = std::is_convertible_v<const Value&, Parameter>;
  static_assert(
      converts,
      "manta::capture(f, captured...): a captured value does not convert to the parameter "
      "of f that it is for (the first ones, by value or const reference): position, "
      "captured type and parameter type stand in detail::CapturedValue<Position, "
      "Captured, Parameter> above");
};

template <class Parameters, class... C>
struct CaptureCheck;
template <class... C>
struct CaptureCheck<Types<>, C...> {
  static constexpr bool fits = sizeof...(C) == 0;
  template <std::size_t Position>
  static void explain() {
    static_assert(fits, "manta::capture(): the function has fewer parameters than captured values");
  }
};
template <class First, class... Rest>
struct CaptureCheck<Types<First, Rest...>> {
  static constexpr bool fits = true;
};
template <class First, class... Rest, class Value, class... C>
struct CaptureCheck<Types<First, Rest...>, Value, C...> {
  using Next = CaptureCheck<Types<Rest...>, C...>;
  static constexpr bool converts = std::is_convertible_v<const Value&, First>;
  static constexpr bool fits = converts && Next::fits;
  template <std::size_t Position>
  static void explain() {
    if constexpr (!converts) {
      (void)sizeof(CapturedValue<Position, Value, First>);
    } else {
      Next::template explain<Position + 1>();
    }
  }
};

template <class F, class... Values>
consteval bool values_fit() {
  if constexpr (KnownSignature<F>) {
    return CaptureCheck<typename CallableSignature<F>::Parameters, Values...>::fits;
  } else {
    return true;  // remote() says what is wrong with it
  }
}

}  // namespace detail

// A callable that calls f(captured..., args...). The captured values are serialized with every call; arrays are not
// copied.
// Errors: values that are not serializable, or do not convert to the first parameters of f, do not compile. Threads:
// any.
template <class F, class... Values>
auto capture(F f, Values... captured) {
  if constexpr (detail::values_fit<F, Values...>()) {
    return detail::Captured<F, Values...>(std::move(f),
                                          std::tuple<Values...>(std::move(captured)...));
  } else {
    detail::CaptureCheck<typename detail::CallableSignature<F>::Parameters,
                         Values...>::template explain<1>();
    return detail::Refused();
  }
}

// "I vouch that the captures of this lambda hold no address": its bytes are copied without the check.
// Errors: captures that are not trivially copyable do not compile. Threads: any.
template <class F>
auto plain(F f) {
  return detail::Plain<F>{{std::move(f)}};
}

}  // namespace manta
