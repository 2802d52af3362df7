// A stub is the code that, in a worker, decodes the arguments of one kind of call, runs the call, and encodes its
// result. One stub is instantiated for each callable and way of passing its arguments; static initialization registers
// it.
//
// Errors: what decoding and user code throw. Threads: confined to the executor that runs the call.
#pragma once
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "../code/code_id.h"
#include "../worker/call_context.h"
#include "capture.h"
#include "generator.h"
#include "signature.h"

namespace manta::detail {

// A value that has travelled as a U, as an H. If their encodings differ, it is converted here, in the worker.
template <class H, class U>
H decode_as(const serialization::EncodedView& view) {
  if constexpr (same_encoding<U, H>) {
    return serialization::decode<H>(view);
  } else {
    return static_cast<H>(serialization::decode<U>(view));
  }
}
template <class List, class U>
List decode_list(const CallContext& call, const CallContext::Argument& argument) {
  List list;
  list.reserve(argument.count);
  for (std::size_t i = 0; i < argument.count; ++i) {
    list.push_back(decode_as<typename List::value_type, U>(call.value(argument.first + i)));
  }
  return list;
}

// ---- decoding: each argument is built in place, so that types work that cannot be moved
template <std::size_t I, class P, class Tag>
struct Leaf;
template <std::size_t I, class P, class U>
struct Leaf<I, P, Decode<U>> {
  U value;
  static U read(const CallContext& call, std::size_t base) {
    return serialization::decode<U>(call.value(call.argument(base + I).first));
  }
  decltype(auto) get() {
    if constexpr (std::is_same_v<U, Holder<P>>) {
      return pass<P>(value);
    } else {
      return static_cast<Holder<P>>(std::move(value));
    }
  }
};
template <std::size_t I, class P, class U>
struct Leaf<I, P, DecodeList<U>> {
  using Element = typename IsVector<std::remove_cvref_t<P>>::Element;
  std::vector<Element> value;
  static std::vector<Element> read(const CallContext& call, std::size_t base) {
    return decode_list<std::vector<Element>, U>(call, call.argument(base + I));
  }
  decltype(auto) get() { return pass<P>(value); }
};

// Reads one argument after the other, then calls function(arguments...) while all of them live.
template <class Function, class... Read>
decltype(auto) read_leaves(Types<>, const CallContext&, std::size_t, Function& function,
                           Read&... read) {
  return function(read.get()...);
}
template <class First, class... Rest, class Function, class... Read>
decltype(auto) read_leaves(Types<First, Rest...>, const CallContext& call, std::size_t base,
                           Function& function, Read&... read) {
  First leaf{First::read(call, base)};
  return read_leaves(Types<Rest...>{}, call, base, function, read..., leaf);
}

template <class Indices, class Parameters, class... Tags>
struct Leaves;
template <std::size_t... I, class... P, class... Tags>
struct Leaves<std::index_sequence<I...>, Types<P...>, Tags...> {
  template <class Function>
  static decltype(auto) apply(const CallContext& call, std::size_t base, Function&& function) {
    return read_leaves(Types<Leaf<I, P, Tags>...>{}, call, base, function);
  }
};
template <class Parameters, class... Tags>
using LeavesOf = Leaves<std::make_index_sequence<sizeof...(Tags)>, Parameters, Tags...>;

// ---- results
template <class T>
struct IsTuple : std::false_type {};
template <class... T>
struct IsTuple<std::tuple<T...>> : std::true_type {};
template <class A, class B>
struct IsTuple<std::pair<A, B>> : std::true_type {};

[[noreturn]] void give_unpacked_mismatch(CallContext& call, std::size_t got);

// `call`: a CallContext, or what takes items for it.
template <class Call, class T>
void give_one(Call& call, T& value) {
  using Plain = std::remove_const_t<T>;
  if constexpr (IsMutableArray<Plain>::value && !std::is_const_v<T>) {
    const Stored<T> frozen(std::move(value));
    call.result(frozen);
  } else if constexpr (!IsMutableArray<Plain>::value && !std::is_same_v<Plain, Stored<T>>) {
    const Stored<T> copy = owned(value);  // a view
    call.result(copy);
  } else {
    call.result(static_cast<const Plain&>(value));
  }
}

template <class R>
void give_result(CallContext& call, R&& result) {
  using Plain = std::remove_cvref_t<R>;
  if (!call.unpacked()) return give_one(call, result);
  if constexpr (IsTuple<Plain>::value) {
    std::apply([&](auto&... part) { (give_one(call, part), ...); }, result);
  } else if constexpr (IsVector<Plain>::value) {
    if (result.size() != call.result_count()) return give_unpacked_mismatch(call, result.size());
    for (std::size_t i = 0; i < result.size(); ++i) {
      if constexpr (std::is_same_v<typename IsVector<Plain>::Element, bool>) {
        const bool element = result[i];
        call.result(element);
      } else {
        give_one(call, result[i]);
      }
    }
  }
}

// Takes the items of a generator as if they were results.
class ItemTaker {
 public:
  explicit ItemTaker(CallContext& call) : call_(call) {}
  template <class T>
  void result(const T& value) {
    wanted_ = call_.item(value);
  }
  bool wanted() const { return wanted_; }

 private:
  CallContext& call_;
  bool wanted_ = true;
};

// How many items may wait to be taken is the last argument of the call.
template <class T>
void give_items(CallContext& call, Generator<T> generator) {
  const auto& last = call.argument(call.argument_count() - 1);
  call.begin_items(serialization::decode<std::uint64_t>(call.value(last.first)));
  ItemTaker taker(call);
  while (generator.advance()) {
    give_one(taker, generator.item());
    if (!taker.wanted()) return call.stopped();
  }
  call.void_result();
}

// The result is written while the arguments live: it may be a reference to one of them, and a generator may use them.
template <class R, class Run>
void run_and_give(CallContext& call, Run&& run) {
  if constexpr (std::is_void_v<R>) {
    run();
    call.void_result();
  } else if constexpr (is_generator<R>) {
    give_items(call, run());
  } else {
    give_result(call, run());
  }
}

// Calls function(arguments...), of which the first is number `base` of the call, and gives its result.
template <class R, class Parameters, class... Tags, class Function>
void call_with_arguments(CallContext& call, std::size_t base, const Function& function) {
  LeavesOf<Parameters, Tags...>::apply(call, base, [&](auto&&... args) {
    run_and_give<R>(call, [&]() -> R {
      return static_cast<R>(function(std::forward<decltype(args)>(args)...));
    });
  });
}

// Calls use(f, base) with a callable whose state, if it has one, is argument 0; the others begin at `base`.
template <class F, class Use>
void with_callable(CallContext& call, Use&& use) {
  if constexpr (Stateless<F>) {
    use(F{}, 0);
  } else {
    ClosureState<F>::restore(call.value(call.argument(0).first), [&](const auto& f) { use(f, 1); });
  }
}

// A stub is `static void run(CallContext&)`; naming `registered` makes it known in every process of the program.
// Hidden: of two libraries that have the same stub, each registers its own.
template <class Concrete>
struct Registered {
  [[gnu::visibility("hidden")]] static inline const StubRegistration registration{&Concrete::run};
  static Stub stub() {
    (void)&registration;
    return &Concrete::run;
  }
};

// ---- functions: the target is an address
template <class Pointer, class... Tags>
struct FunctionStub : Registered<FunctionStub<Pointer, Tags...>> {
  using Signature = SignatureOf<Pointer>;
  static void run(CallContext& call) {
    call_with_arguments<typename Signature::Result, typename Signature::Parameters, Tags...>(
        call, 0, reinterpret_cast<Pointer>(call.target()));
  }
};

// ---- callables of class type
template <class F, class R, class Parameters, class... Tags>
struct ClosureStub : Registered<ClosureStub<F, R, Parameters, Tags...>> {
  static void run(CallContext& call) {
    with_callable<F>(call, [&](const auto& f, std::size_t base) { invoke(call, base, f); });
  }
  template <class Callable>
  static void invoke(CallContext& call, std::size_t base, const Callable& f) {
    call_with_arguments<R, Parameters, Tags...>(call, base, [&](auto&&... args) -> R {
      return call_one(f, std::forward<decltype(args)>(args)...);
    });
  }

 private:
  // A call operator that is not const, or needs an rvalue, runs on a copy of its own.
  template <class Callable, class... Args>
  static R call_one(const Callable& f, Args&&... args) {
    if constexpr (std::is_invocable_v<const Callable&, Args...>) {
      return static_cast<R>(f(std::forward<Args>(args)...));
    } else {
      static_assert(!is_generator<R>,
                    "a lambda or function object that is a generator must have a const call "
                    "operator: what it changes are variables of its own");
      Callable own(f);
      if constexpr (std::is_invocable_v<Callable&, Args...>) {
        return static_cast<R>(own(std::forward<Args>(args)...));
      } else {
        return static_cast<R>(std::move(own)(std::forward<Args>(args)...));
      }
    }
  }
};

// ---- actors
template <class T>
Instance instance_of(T* object) {
  return {object, [](void* p) { delete static_cast<T*>(p); }, &typeid(T),
          [](void* p) { throw static_cast<T*>(p); }};
}

template <class T, class... Held>
struct ConstructorStub : Registered<ConstructorStub<T, Held...>> {
  static void run(CallContext& call) {
    call.construct(instance_of<T>(nullptr));
    T* object = LeavesOf<Types<Held...>, Decode<Held>...>::apply(
        call, 0, [](auto&&... args) { return new T(std::forward<decltype(args)>(args)...); });
    call.construct(instance_of(object));
  }
};

template <class T, class Member, class... Tags>
struct MethodStub : Registered<MethodStub<T, Member, Tags...>> {
  using Signature = MemberSignature<Member>;
  using R = typename Signature::Result;
  static void run(CallContext& call) {
    const MemberPointer raw{call.target(), call.adjustment()};
    Member method;
    static_assert(sizeof method == sizeof raw);
    std::memcpy(static_cast<void*>(&method), &raw, sizeof raw);
    T& object = *static_cast<T*>(call.instance());
    call_with_arguments<R, typename Signature::Parameters, Tags...>(
        call, 0, [&](auto&&... args) -> R {
          return invoke(object, method, std::forward<decltype(args)>(args)...);
        });
  }
  template <class... Args>
  static R invoke(T& object, Member method, Args&&... args) {
    if constexpr (std::is_invocable_v<Member, T&, Args...>) {
      return (object.*method)(std::forward<Args>(args)...);
    } else {
      return (std::move(object).*method)(std::forward<Args>(args)...);
    }
  }
};

// A callable that takes a T& first.
template <class F, class T, class R, class Parameters, class... Tags>
struct OnActorStub : Registered<OnActorStub<F, T, R, Parameters, Tags...>> {
  static void run(CallContext& call) {
    T& object = *static_cast<T*>(call.instance());
    with_callable<F>(call, [&](const auto& f, std::size_t base) {
      call_with_arguments<R, Parameters, Tags...>(call, base, [&](auto&&... args) -> R {
        return static_cast<R>(f(object, std::forward<decltype(args)>(args)...));
      });
    });
  }
};
// The same for a plain function.
template <class T, class Pointer, class R, class Parameters, class... Tags>
struct FunctionOnActorStub : Registered<FunctionOnActorStub<T, Pointer, R, Parameters, Tags...>> {
  static void run(CallContext& call) {
    T& object = *static_cast<T*>(call.instance());
    const auto function = reinterpret_cast<Pointer>(call.target());
    call_with_arguments<R, Parameters, Tags...>(call, 0, [&](auto&&... args) -> R {
      return function(object, std::forward<decltype(args)>(args)...);
    });
  }
};

}  // namespace manta::detail
