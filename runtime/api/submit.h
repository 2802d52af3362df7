// From the arguments of a call to the refs of its results: what remote functions and actors have in common.
//
//   pass_state(call, f);  pass_all<Types<P...>>(call, args...);  return submit_as<R, How>(call, n);
//
// Errors: as a CallBuilder's; static_asserts. Threads: confined to the caller.
#pragma once
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "../ownership/object_ref.h"
#include "call_builder.h"
#include "call_check.h"
#include "ref_stream.h"
#include "stub.h"

namespace manta::detail {

// A vector of refs for a parameter that is a vector of values.
void pass_list(CallBuilder& call, const auto& refs) {
  std::vector<ObjectEntryRef> entries;
  entries.reserve(refs.size());
  for (const auto& ref : refs) entries.push_back(RefAccess::entry(ref));
  call.list(entries);
}

// Adds one argument to the call, in the way that passing() says.
template <class P, class A>
void pass_argument(CallBuilder& call, A&& argument) {
  using Plain = std::remove_cvref_t<A>;
  constexpr Passing how = passing<A&&, P>();
  if constexpr (how == Passing::kReference) {
    call.reference(RefAccess::entry(argument));
  } else if constexpr (how == Passing::kList) {
    pass_list(call, argument);
  } else if constexpr (is_read_as<Plain, Holder<P>>) {
    call.value(static_cast<const Plain&>(argument));
  } else if constexpr (std::is_convertible_v<A&&, Holder<P>>) {
    if constexpr (std::is_arithmetic_v<Holder<P>> && std::is_arithmetic_v<Plain>) {
      call.value(static_cast<Holder<P>>(argument));  // as a constant in a call: without a warning
    } else {
      const Holder<P> converted = std::forward<A>(argument);
      call.value(converted);
    }
  } else if constexpr (how != Passing::kMismatch) {
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

// Saves the state of a callable, if it has any, as the next argument of the call.
template <class F>
void pass_state(CallBuilder& call, const F& f) {
  if constexpr (std::is_class_v<F> && !Stateless<F>) {
    ClosureState<F>::save(f, [&](const auto& state) { call.value(state); });
  }
}

// What a call's ref, or refs, stand for: its result, each part of a tuple, or each element of a vector.
enum class Unpacking { kNone, kTuple, kVector };

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

// The call of a generator, of whose items `most` may wait to be taken.
template <class R>
ObjectRefStream<Restored<ItemOf<R>>> submit_stream(CallBuilder& call, std::size_t most) {
  return StreamAccess::make<ObjectRefStream<Restored<ItemOf<R>>>>(call.submit_items(most));
}

// Hands the call over, and gives what the user gets for it: a ref, a tuple of refs, a vector of `n` refs, or a stream.
template <class R, Unpacking How>
auto submit_as(CallBuilder& call, std::size_t n) {
  using Plain = std::remove_cvref_t<R>;
  if constexpr (is_generator<R> && How != Unpacking::kNone) {
    static_assert(!is_generator<R>,
                  "unpack() of a generator: its call gives a stream of refs without it: for (auto& "
                  "ref : manta::remote(f)(...))");
    return Refused();
  } else if constexpr (is_generator<R>) {
    return submit_stream<R>(call, call.max_buffered());
  } else if constexpr (How == Unpacking::kTuple) {
    static_assert(IsTuple<Plain>::value,
                  "unpack() needs a function that returns a std::tuple or std::pair; for a vector "
                  "say unpack(n)");
    if constexpr (IsTuple<Plain>::value) {
      using Tuple = typename TupleOfRefs<Plain>::type;
      return tuple_of<Tuple>(call.submit(std::tuple_size_v<Tuple>));
    } else {
      return Refused();
    }
  } else if constexpr (How == Unpacking::kVector) {
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

// A call of a callable F: whether the arguments fit and the state of F travels; see CallCheck.
template <class F, class R, class Parameters, class... Args>
struct CallableCheck {
  using Arguments = CallCheck<R, Parameters, Args...>;
  static consteval bool fits() { return Arguments::fits() && state_travels<F>; }
  static void explain() {
    if constexpr (Arguments::fits()) {
      explain_state<F>();
    } else {
      Arguments::explain();
    }
  }
};

// Explains why a call does not fit. Gives what the call would have given, if there is such a type.
template <class Check, class R, Unpacking How>
auto explained() {
  Check::explain();
  if constexpr (result_fits<R>() && is_generator<R> && How == Unpacking::kNone) {
    return StreamAccess::make<ObjectRefStream<Restored<ItemOf<R>>>>(nullptr);
  } else if constexpr (result_fits<R>()) {
    return decltype(submit_as<R, How>(std::declval<CallBuilder&>(), 0))();
  } else {
    return Refused();
  }
}

}  // namespace manta::detail
