// Actors: objects that live in a process of their own and are called from anywhere.
//
//   auto counter = manta::actor<Counter>(10);            any class; the object need be neither copyable nor movable
//   auto n = counter.call(&Counter::add, 5);             ObjectRef<int>
//   auto m = counter.call([](Counter& c) { return c.add(1); });
//   counter.post(&Counter::add, 1);                      one way: no result, errors are logged
//
// The calls of one process run in the order of their submission, one at a time. When the last handle is gone, the calls
// that were made still run; then the actor ends, and its destructor runs. If the constructor throws, the refs of all
// calls, and ready(), hold its exception.
// Errors:  InvalidArgument at the call (no session, an empty handle, an option that is not supported); from get(): the
//          method's own error, or ActorDied. Threads: any.
#pragma once
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "actor_handle.h"
#include "constructor.h"

namespace manta {

namespace detail {

// A constructor call on its way to the node.
class ActorBuilder {
 public:
  ActorBuilder(const ActorOptions& options, Stub stub, std::string type);
  CallBuilder& call() { return *call_; }
  base::Ref<ActorEntry> create();

 private:
  ActorOptions options_;
  std::string type_;
  std::unique_ptr<CallBuilder> call_;
};

// What becomes of a constructor's argument in the worker where refs are resolved.
template <class A>
struct ResolvedArgument {
  using type = Restored<A>;
};
template <class U>
struct ResolvedArgument<ObjectRef<U>> {
  using type = U;
};

template <class T, class Stub>
ActorHandle<T> start_actor(const ActorOptions& options, auto&& pass) {
  ActorBuilder builder(options, Stub::stub(), demangled(typeid(T).name()));
  pass(builder.call());
  return HandleAccess::make<T>(builder.create());
}

// A constructor that takes arguments of these types.
template <class T, class... Held>
struct HeldConstructor {
  static constexpr bool possible = std::is_constructible_v<T, Held...>;
  using Stub = ConstructorStub<T, Held...>;
  template <class... Args>
  static void pass(CallBuilder& call, Args&&... args) {
    (pass_argument<Held>(call, std::forward<Args>(args)), ...);
  }
};

template <class T, class... Args>
ActorHandle<T> make_actor(const ActorOptions& options, Args&&... args) {
  using First = std::remove_cvref_t<std::tuple_element_t<0, std::tuple<Args..., void>>>;
  using AsTheyAre = HeldConstructor<T, Restored<Args>...>;
  using Resolved =
      HeldConstructor<T, typename ResolvedArgument<std::remove_cvref_t<Args>>::type...>;
  using Converted =
      ConvertedConstructor<T, serialization::restored_t<std::remove_cvref_t<Args>>...>;
  const auto start = [&]<class Way>(std::type_identity<Way>) {
    return start_actor<T, typename Way::Stub>(
        options, [&](CallBuilder& call) { Way::pass(call, std::forward<Args>(args)...); });
  };
  if constexpr (AsTheyAre::possible) {
    return start(std::type_identity<AsTheyAre>{});
  } else if constexpr (Resolved::possible) {
    return start(std::type_identity<Resolved>{});
  } else {
    static_assert(!std::is_same_v<First, TaskOptions>,
                  "manta::actor<T>(options, args...): an actor has manta::ActorOptions");
    static_assert(Converted::possible || std::is_same_v<First, TaskOptions>,
                  "manta::actor<T>(args...): T has no constructor that takes these arguments (refs "
                  "are resolved)");
    if constexpr (Converted::possible) return start(std::type_identity<Converted>{});
  }
}
}  // namespace detail

// Starts an actor, a T that is made from `args` in a process of its own, and returns at once. A ref among `args` is
// resolved, unless the constructor takes a ref. Errors: what cannot construct a T does not compile; InvalidArgument.
template <class T, class... Args>
  requires(sizeof...(Args) == 0 ||
           !std::is_same_v<std::remove_cvref_t<std::tuple_element_t<0, std::tuple<Args..., void>>>,
                           ActorOptions>)
ActorHandle<T> actor(Args&&... args) {
  return detail::make_actor<T>(ActorOptions{}, std::forward<Args>(args)...);
}
template <class T, class... Args>
ActorHandle<T> actor(ActorOptions options, Args&&... args) {
  return detail::make_actor<T>(options, std::forward<Args>(args)...);
}

// A call without the class of the actor does not compile; this explains it.
template <auto None = nullptr, class... Args>
auto actor(Args&&...) {
  static_assert(detail::always_false<detail::Refused, Args...>,
                "manta::actor(x): say the class of the actor, which is made from the arguments in "
                "a process of its own: manta::actor<T>(args...)");
  return detail::Refused();
}

// From inside a method of an actor: ends the actor, after the calls before this one. The refs of this call and of later
// ones hold ActorDied. Errors: InvalidArgument outside of an actor.
[[noreturn]] void exit_actor();

}  // namespace manta
