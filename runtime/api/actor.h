// Actors: objects that live in a process of their own and are called from anywhere.
//
//   auto counter = manta::actor<Counter>(10);            any class; the object need be neither copyable nor movable
//   auto n = counter.call(&Counter::add, 5);             ObjectRef<int>
//   auto m = counter.call([](Counter& c) { return c.add(1); });
//   counter.post(&Counter::add, 1);                      one way: no result, errors are logged
//
// Calls of one process run in the order of submission, one at a time. The actor ends, and its destructor runs, when its
// last handle is gone, after the calls already made. A constructor that throws: every call's ref, and ready(), hold that
// exception. Handles are values: copied, passed, nested in values, returned, converted to a public base's.
// Errors: InvalidArgument at the call (no session, an empty handle, an option that is not supported); from get(): the
//         method's own error, ActorDied. Threads: any.
#pragma once
#include <memory>
#include <type_traits>
#include <utility>

#include "../options/check_options.h"
#include "../ownership/actor_entry.h"
#include "constructor.h"
#include "remote.h"

namespace manta {

template <class T>
class ActorHandle;

namespace detail {

struct HandleState {
  base::Ref<ActorEntry> entry;
  std::ptrdiff_t offset = 0;  // from the actor's object to the T of this handle
  std::shared_ptr<const CallOptions> options;
};
struct HandleAccess;

void kill_actor(ActorEntry& entry);
ObjectEntryRef actor_ready(ActorEntry& entry);
ObjectEntryRef actor_ended(ActorEntry& entry);

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

// Distance from a Derived to its public base T; virtual bases have no fixed one.
template <class T, class Derived>
std::ptrdiff_t base_offset() {
  static_assert(
      requires(T* base) { static_cast<Derived*>(base); },
      "manta::ActorHandle: a handle does not convert to a virtual base class; call its methods on "
      "the actor's own handle");
  alignas(Derived) static char place[sizeof(Derived)];
  auto* derived = reinterpret_cast<Derived*>(place);
  return reinterpret_cast<char*>(static_cast<T*>(derived)) - place;
}

template <class F, class T>
concept MemberOf = std::is_member_function_pointer_v<F> && requires {
  typename MemberSignature<F>::Class;
} && std::is_base_of_v<typename MemberSignature<F>::Class, T>;

template <class Parameters>
struct FirstOf;
template <class First, class... Rest>
struct FirstOf<Types<First, Rest...>> {
  using type = First;
  using rest = Types<Rest...>;
};

// A callable that takes a T& first.
template <class F, class T>
concept CalledOn = RemoteCallable<F> && requires {
  typename FirstOf<typename CallableSignature<F>::Parameters>::type;
} && std::is_convertible_v<T&, typename FirstOf<typename CallableSignature<F>::Parameters>::type>;

template <class F, class T>
void explain_called_on() {
  if constexpr (std::is_member_object_pointer_v<F>) {
    static_assert(
        kNever<F>,
        "handle.call(&C::member): a data member is no method: handle.call([](const C& c) { "
        "return c.member; })");
  } else if constexpr (std::is_convertible_v<F, std::string_view>) {
    static_assert(kNever<F>,
                  "handle.call(\"name\"): a text is no method: handle.call(&C::method, args...)");
  } else if constexpr (RemoteCallable<F>) {
    static_assert(kNever<F>, "ActorHandle::call(callable): its first parameter must take a T&");
  } else if constexpr (HasCallOperator<F> && !HidesItsTarget<F> && !CVariadic<F>) {
    static_assert(
        kNever<F>,
        "ActorHandle::call(callable): a generic callable; name its parameter types, T& first");
  } else {
    explain_callable<F>();
  }
}

template <class None>
void explain_no_method() {
  static_assert(kNever<None>,
                "handle.call(): there is no method to call: handle.call(&C::method, args...)");
}

template <class Parameters, class... Args>
struct PlansOf;
template <class... P, class... Args>
struct PlansOf<Types<P...>, Args...> {
  template <class T, class Member>
  using Method = MethodStub<T, Member, Plan<Args, P>...>;
  template <class T, class F, class R>
  using OnActor = OnActorStub<F, T, R, Types<P...>, Plan<Args, P>...>;
  template <class T, class F, class R>
  using FunctionOnActor = FunctionOnActorStub<T, F, R, Types<P...>, Plan<Args, P>...>;
};

// How a constructor's argument is held in the worker: a ref is resolved unless the constructor takes refs.
template <class A>
struct ResolvedArgument {
  using type = Restored<A>;
};
template <class U>
struct ResolvedArgument<ObjectRef<U>> {
  using type = U;
};

}  // namespace detail

template <class T>
class ActorHandle {
  static_assert(std::is_class_v<T> || std::is_union_v<T>,
                "manta::actor<T>, ActorHandle<T>: T is no class. A function is called with "
                "manta::remote(f)(args...)");

 public:
  ActorHandle() = default;  // empty
  // To a public base class (not a virtual one).
  template <class Derived>
    requires(!std::is_same_v<Derived, T> && std::is_convertible_v<Derived*, T*>)
  ActorHandle(const ActorHandle<Derived>& other) : state_(other.state_) {
    state_.offset += detail::base_offset<T, Derived>();
  }

  // A method, or any callable that takes T& first. Gives an ObjectRef to its result.
  template <class M, class... Args>
  auto call(M method, Args&&... args) const {
    return submit<false>(std::move(method), std::forward<Args>(args)...);
  }
  // A method known at compile time: call<&T::m>(args...).
  template <auto M, class... Args>
  auto call(Args&&... args) const {
    return submit<false>(M, std::forward<Args>(args)...);
  }
  // An overloaded method by its signature: call<R(A...)>(&T::m, args...).
  template <class Signature, class... Args>
    requires std::is_function_v<Signature>
  auto call(std::type_identity_t<Signature> T::*method, Args&&... args) const {
    return submit<false>(method, std::forward<Args>(args)...);
  }
  template <class M, class... Args>
  void post(M method, Args&&... args) const {
    submit<true>(std::move(method), std::forward<Args>(args)...);
  }
  template <class Signature, class... Args>
    requires std::is_function_v<Signature>
  void post(std::type_identity_t<Signature> T::*method, Args&&... args) const {
    submit<true>(method, std::forward<Args>(args)...);
  }
  template <auto M, class... Args>
  void post(Args&&... args) const {
    submit<true>(M, std::forward<Args>(args)...);
  }
  // What cannot be called is explained: sets of overloads, no method at all.
  template <class None = void, class M = typename detail::OverloadedMethod<None>::type,
            class... Args>
    requires detail::kNever<M>
  detail::Refused call(M, Args&&...) const;
  template <class None = void, class M = typename detail::OverloadedMethod<None>::type,
            class... Args>
    requires detail::kNever<M>
  void post(M, Args&&...) const;
  template <detail::OverloadsAsArgument<detail::OverloadedMethod> M, class... Args>
  detail::Refused call(Args&&...) const;
  template <detail::OverloadsAsArgument<detail::OverloadedMethod> M, class... Args>
  void post(Args&&...) const;
  template <class NoSignature, class M, class... Args>
    requires(!std::is_function_v<NoSignature> && !std::is_same_v<NoSignature, M>)
  detail::Refused call(M, Args&&...) const {
    static_assert(detail::kNever<NoSignature>,
                  "handle.call<R(A...)>(&C::method, ...): R(A...) stands for the method's "
                  "signature, such as int(double); of one that is not overloaded nothing need be "
                  "said: handle.call(&C::method, ...)");
    return {};
  }
  template <class None = void>
  detail::Refused call() const {
    detail::explain_no_method<None>();
    return {};
  }
  template <class None = void>
  void post() const {
    detail::explain_no_method<None>();
  }

  // The same handle with options for the calls made through it; they are not sent with it, and == ignores them.
  ActorHandle with(CallOptions options) const {
    detail::check_call_options(options);
    ActorHandle handle = *this;
    handle.state_.options = std::make_shared<const CallOptions>(std::move(options));
    return handle;
  }
  // The same handle, whose calls give a tuple of refs for a tuple result.
  auto unpack() const { return UnpackedHandle{*this}; }

  ObjectRef<void> ready() const {
    return detail::RefAccess::make<ObjectRef<void>>(
        detail::actor_ready(checked("ActorHandle::ready()")));
  }
  ObjectRef<void> ended() const {
    return detail::RefAccess::make<ObjectRef<void>>(
        detail::actor_ended(checked("ActorHandle::ended()")));
  }
  void kill() const { detail::kill_actor(checked("ActorHandle::kill()")); }
  ActorId id() const { return checked("ActorHandle::id()").id(); }
  explicit operator bool() const { return static_cast<bool>(state_.entry); }

 private:
  template <class>
  friend class ActorHandle;
  friend struct serialization::Codec<ActorHandle>;
  friend struct detail::HandleAccess;

  struct UnpackedHandle {
    ActorHandle handle;
    template <class M, class... Args>
    auto call(M method, Args&&... args) const {
      return handle.template submit<false, detail::Unpacking::tuple>(std::move(method),
                                                                     std::forward<Args>(args)...);
    }
    template <auto M, class... Args>
    auto call(Args&&... args) const {
      return handle.template submit<false, detail::Unpacking::tuple>(M,
                                                                     std::forward<Args>(args)...);
    }
    template <class Signature, class... Args>
      requires std::is_function_v<Signature>
    auto call(std::type_identity_t<Signature> T::*method, Args&&... args) const {
      return handle.template submit<false, detail::Unpacking::tuple>(method,
                                                                     std::forward<Args>(args)...);
    }
  };

  detail::ActorEntry& checked(const char* what) const {
    return detail::checked_actor(state_.entry, what);
  }

  template <bool OneWay, detail::Unpacking How = detail::Unpacking::none, class F, class... Args>
  auto submit(F f, Args&&... args) const {
    checked("ActorHandle::call()");
    if constexpr (std::is_member_function_pointer_v<F>) {
      return submit_method<OneWay, How>(f, std::forward<Args>(args)...);
    } else {
      return submit_callable<OneWay, How>(std::move(f), std::forward<Args>(args)...);
    }
  }

  template <bool OneWay, detail::Unpacking How, class M, class... Args>
  auto submit_method(M method, Args&&... args) const {
    if constexpr (detail::MemberOf<M, T>) {
      return submit_member<OneWay, How>(method, std::forward<Args>(args)...);
    } else {
      static_assert(
          !detail::CVariadic<M>,
          "handle.call(&C::method, ...): the method has C variadic arguments (`...`, as printf "
          "has), whose types are not known: call it in a lambda, handle.call([](C& c) { ... })");
      static_assert(
          detail::CVariadic<M>,
          "ActorHandle::call(&C::method): C is neither the actor's class nor a base of it");
      return detail::Refused();
    }
  }

  template <bool OneWay, detail::Unpacking How, class M, class... Args>
  auto submit_member(M method, Args&&... args) const {
    using Signature = detail::MemberSignature<M>;
    using Parameters = typename Signature::Parameters;
    using R = typename Signature::Result;
    using Check = detail::CallCheck<R, Parameters, Args&&...>;
    if constexpr (!Check::fits()) {
      Check::explain();
      return detail::after_explaining<R, How>();
    } else {
      using Stub = typename detail::PlansOf<typename Signature::Parameters,
                                            Args&&...>::template Method<T, M>;
      detail::MemberPointer raw;
      static_assert(sizeof raw == sizeof method);
      std::memcpy(static_cast<void*>(&raw), &method, sizeof raw);
      detail::CallSpec spec;
      spec.stub = detail::identify_stub(Stub::stub());
      spec.target = detail::identify_member(raw);
      spec.adjustment = raw.adjustment;
      return finish<OneWay, How, R>(spec, [&](detail::CallBuilder& call) {
        detail::pass_all<Parameters>(call, std::forward<Args>(args)...);
      });
    }
  }

  template <bool OneWay, detail::Unpacking How, class F, class... Args>
  auto submit_callable(F f, Args&&... args) const {
    if constexpr (!detail::CalledOn<F, T>) {
      detail::explain_called_on<F, T>();
      return detail::Refused();
    } else {
      using Signature = detail::CallableSignature<F>;
      using Parameters = typename detail::FirstOf<typename Signature::Parameters>::rest;
      using R = typename Signature::Result;
      using Check = detail::CallCheck<R, Parameters, Args&&...>;
      if constexpr (!Check::fits()) {
        Check::explain();
        return detail::after_explaining<R, How>();
      } else if constexpr (!detail::kStateTravels<F>) {
        detail::explain_state<F>();
        return detail::after_explaining<R, How>();
      } else {
        return submit_checked<OneWay, How, R, Parameters>(std::move(f),
                                                          std::forward<Args>(args)...);
      }
    }
  }

  template <bool OneWay, detail::Unpacking How, class R, class Parameters, class F, class... Args>
  auto submit_checked(F f, Args&&... args) const {
    using Plans = detail::PlansOf<Parameters, Args&&...>;
    detail::CallSpec spec;
    if constexpr (std::is_pointer_v<F>) {
      spec.stub = detail::identify_stub(Plans::template FunctionOnActor<T, F, R>::stub());
      spec.target = detail::identify_function(reinterpret_cast<std::uintptr_t>(f));
    } else {
      spec.stub = detail::identify_stub(Plans::template OnActor<T, F, R>::stub());
      spec.name = detail::kGivenName<F>;
    }
    return finish<OneWay, How, R>(spec, [&](detail::CallBuilder& call) {
      if constexpr (!std::is_pointer_v<F>) {
        if constexpr (!detail::Stateless<F>) {
          detail::ClosureState<F>::save(f, [&](const auto& state) { call.value(state); });
        }
      }
      detail::pass_all<Parameters>(call, std::forward<Args>(args)...);
    });
  }

  template <bool OneWay, detail::Unpacking How, class R, class Pass>
  auto finish(detail::CallSpec spec, Pass&& pass) const {
    spec.object_offset = state_.offset;
    detail::CallBuilder call(spec, state_.entry, state_.options.get());
    pass(call);
    if constexpr (OneWay) {
      call.submit_one_way();
    } else {
      return detail::submit_as<R, How>(call, 1);
    }
  }

  detail::HandleState state_;
};

template <class T, class U>
bool operator==(const ActorHandle<T>& a, const ActorHandle<U>& b);

namespace detail {
struct HandleAccess {
  template <class T>
  static const HandleState& state(const ActorHandle<T>& handle) {
    return handle.state_;
  }
  template <class T>
  static ActorHandle<T> make(base::Ref<ActorEntry> entry, std::ptrdiff_t offset = 0) {
    ActorHandle<T> handle;
    handle.state_.entry = std::move(entry);
    handle.state_.offset = offset;
    return handle;
  }
};

template <class T, class Stub>
ActorHandle<T> start_actor(const ActorOptions& options, auto&& pass) {
  ActorBuilder builder(options, Stub::stub(), demangled(typeid(T).name()));
  pass(builder.call());
  return HandleAccess::make<T>(builder.create());
}

// Of arguments that are held as these types.
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

template <class T, class U>
bool operator==(const ActorHandle<T>& a, const ActorHandle<U>& b) {
  return detail::HandleAccess::state(a).entry == detail::HandleAccess::state(b).entry;
}

// Starts an actor: a T made from `args` in a process of its own. Returns at once.
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

// Without its class, which is explained.
template <auto None = nullptr, class... Args>
detail::Refused actor(Args&&...) {
  static_assert(detail::kNever<detail::Refused, Args...>,
                "manta::actor(x): say the class of the actor, which is made from the arguments in "
                "a process of its own: manta::actor<T>(args...)");
  return {};
}

// From inside an actor: ends it after the calls before this one. This call and later ones hold ActorDied.
[[noreturn]] void exit_actor();

template <class T>
struct serialization::Codec<ActorHandle<T>> {
  static constexpr TypeNode node() { return make_node<ActorHandle<T>, Types<>>(); }
  static void write(Writer& writer, const ActorHandle<T>& handle) {
    const auto& state = detail::HandleAccess::state(handle);
    if (state.entry) detail::checked_actor(state.entry, "an ActorHandle inside a value");
    writer.reference(RefKind::actor, state.entry);
    writer.fixed(static_cast<std::int64_t>(state.offset));
  }
  static ActorHandle<T> read(Reader& reader) {
    auto target = reader.reference(RefKind::actor).target;
    const auto offset = reader.template fixed<std::int64_t>();
    return detail::HandleAccess::make<T>(
        base::static_ref_cast<detail::ActorEntry>(std::move(target)),
        static_cast<std::ptrdiff_t>(offset));
  }
  static void describe(TypeText& text) { text.append("actor"); }
};

}  // namespace manta

template <class T>
struct std::hash<manta::ActorHandle<T>> {
  std::size_t operator()(const manta::ActorHandle<T>& handle) const noexcept {
    return std::hash<manta::base::Ref<manta::detail::ActorEntry>>()(
        manta::detail::HandleAccess::state(handle).entry);
  }
};
