// What runs in a worker for a chunk of a range: a function for each of its elements.
//
//   EachStub     parallel_for: its one result is void, or the error of the first element that failed
//   ReduceStub   map_reduce: what the chunk was reduced to, or that error
//   MapStub      map: a result for each element, which is a value or an error
//
// Arguments: the state of f, if it has any, that of the reduction, the index of the first element, and the chunk
// (element_source.h).
// Errors: none but those results. Threads: confined to the executor that runs the call.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "../worker/run_part.h"
#include "element_place.h"
#include "element_source.h"
#include "stub.h"

namespace manta::detail {

// ---- callables travel as classes: a function as one that has captured nothing
template <class F>
auto as_class(const F& f) {
  if constexpr (std::is_pointer_v<F>) {
    return Captured<F>(f, std::tuple<>());
  } else {
    return f;
  }
}
template <class F>
using AsClass = decltype(as_class(std::declval<const F&>()));

template <class F, class... Args>
inline constexpr bool can_be_called =
    std::is_invocable_v<const F&, Args...> || std::is_invocable_v<F&, Args...>;
template <class F, class... Args>
using ResultOf = std::remove_cvref_t<std::invoke_result_t<
    std::conditional_t<std::is_invocable_v<const F&, Args...>, const F&, F&>, Args...>>;

// A call operator that is not const runs on a copy of its own, as with remote().
template <class F, class... Args>
ResultOf<F, Args...> call_with(const F& f, Args&&... args) {
  if constexpr (std::is_invocable_v<const F&, Args...>) {
    return f(std::forward<Args>(args)...);
  } else {
    F own(f);
    return own(std::forward<Args>(args)...);
  }
}

// A number of another type becomes the function's own parameter: as with remote(), without a warning.
template <class F>
struct OnlyParameter {
  using type = void;
};
template <class F>
  requires KnownSignature<F> && (CallableSignature<F>::Parameters::size == 1)
struct OnlyParameter<F> {
  template <class P>
  static std::remove_cvref_t<P> of(Types<P>);
  using type = decltype(of(typename CallableSignature<F>::Parameters{}));
};
template <class F, class Element>
decltype(auto) call_for_element(const F& f, Element&& element) {
  using P = typename OnlyParameter<F>::type;
  using Plain = std::remove_cvref_t<Element>;
  if constexpr (std::is_arithmetic_v<P> && std::is_arithmetic_v<Plain> &&
                !std::is_same_v<P, Plain>) {
    return call_with(f, static_cast<P>(element));
  } else {
    return call_with(f, std::forward<Element>(element));
  }
}

// What an R is kept as: an array that is frozen, a view as a value of its own.
template <class R>
Stored<R> stored(R&& value) {
  if constexpr (std::is_constructible_v<Stored<R>, R&&>) {
    return Stored<R>(std::forward<R>(value));
  } else {
    return owned(value);
  }
}

// A sum, which is empty at first, with one value more.
template <class A, class Reduce>
void add_to(std::optional<A>& sum, const Reduce& reduce, A value) {
  if (sum) {
    A next = static_cast<A>(call_with(reduce, std::move(*sum), std::move(value)));
    sum.emplace(std::move(next));
  } else {
    sum.emplace(std::move(value));
  }
}

// ---- stubs
template <class Chunk>
struct ChunkArguments {
  ChunkArguments(const CallContext& call, std::size_t base)
      : first(serialization::decode<std::uint64_t>(call.value(call.argument(base).first))),
        chunk(serialization::decode<Chunk>(call.value(call.argument(base + 1).first))) {}
  const std::uint64_t first;
  Chunk chunk;
};

template <class F, class Chunk>
struct EachStub : Registered<EachStub<F, Chunk>> {
  static constexpr const char* kWhat = "manta::parallel_for()";
  static void run(CallContext& call) {
    with_callable<F>(call, [&](const auto& f, std::size_t base) {
      ChunkArguments<Chunk> arguments(call, base);
      std::uint64_t index = arguments.first;
      auto error = run_part([&] {
        each_element(arguments.chunk, [&](auto&& element) {
          call_for_element(f, std::forward<decltype(element)>(element));
          ++index;
        });
      });
      if (!error) return call.void_result();
      add_place(*error, index, 1, kWhat);
      call.error_result(*error);
    });
  }
};

template <class F, class Reduce, class A, class Chunk>
struct ReduceStub : Registered<ReduceStub<F, Reduce, A, Chunk>> {
  static constexpr const char* kWhat = "manta::map_reduce()";
  static void run(CallContext& call) {
    with_callable<F>(call, [&](const auto& f, std::size_t base) {
      if constexpr (Stateless<Reduce>) {
        reduce_chunk(call, base, f, Reduce{});
      } else {
        ClosureState<Reduce>::restore(
            call.value(call.argument(base).first),
            [&](const auto& reduce) { reduce_chunk(call, base + 1, f, reduce); });
      }
    });
  }

 private:
  template <class Function, class Reduction>
  static void reduce_chunk(CallContext& call, std::size_t base, const Function& f,
                           const Reduction& reduce) {
    ChunkArguments<Chunk> arguments(call, base);
    std::uint64_t index = arguments.first;
    std::optional<A> sum;
    auto error = run_part([&] {
      each_element(arguments.chunk, [&](auto&& element) {
        add_to<A>(sum, reduce,
                  stored(call_for_element(f, std::forward<decltype(element)>(element))));
        ++index;
      });
    });
    if (!error) return call.result(*sum);
    add_place(*error, index, 1, kWhat);
    call.error_result(*error);
  }
};

template <class F, class R, class Chunk>
struct MapStub : Registered<MapStub<F, R, Chunk>> {
  static void run(CallContext& call) {
    with_callable<F>(call, [&](const auto& f, std::size_t base) {
      ChunkArguments<Chunk> arguments(call, base);
      each_element(arguments.chunk, [&](auto&& element) {
        const auto error =
            run_part([&] { give(call, f, std::forward<decltype(element)>(element)); });
        if (error) call.error_result(*error);
      });
    });
  }

 private:
  template <class Function, class Element>
  static void give(CallContext& call, const Function& f, Element&& element) {
    if constexpr (std::is_void_v<R>) {
      call_for_element(f, std::forward<Element>(element));
      call.void_result();
    } else {
      auto result = call_for_element(f, std::forward<Element>(element));
      give_one(call, result);
    }
  }
};

}  // namespace manta::detail
