// ActorHandle<T>: a reference to an actor of class T, through which its methods are called; see actor.h.
//
//   handle.call(&T::method, args...)       a method, or any callable that takes a T& first: an ObjectRef to the result
//   handle.call<&T::method>(args...)       the same, with the method known at compile time
//   handle.call<R(A...)>(&T::m, args...)   an overloaded method by its signature
//   handle.post(...)                       as call, one way: there is no result, and errors are logged
//
// Handles are values: copied, passed to tasks, nested in values, returned, converted to that of a public base class.
// The actor lives as long as any of them, in any process. A default-made handle is empty.
// Errors:  InvalidArgument at the call, for an empty handle, or one whose session has ended; what cannot be called does
//          not compile. Threads: any; one handle object is confined, like a shared_ptr.
#pragma once
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>

#include "../options/check_options.h"
#include "../ownership/actor_entry.h"
#include "explain_callable.h"
#include "submit.h"

namespace manta {

template <class T>
class ActorHandle;

namespace detail {

// What a handle consists of; its copies have one entry.
struct HandleState {
  base::Ref<ActorEntry> entry;
  std::ptrdiff_t offset = 0;  // from the actor's object to the T of this handle
  std::shared_ptr<const CallOptions> options;
};
struct HandleAccess;

void kill_actor(ActorEntry& entry);
ObjectEntryRef actor_ready(ActorEntry& entry);
ObjectEntryRef actor_ended(ActorEntry& entry);

// The distance from a Derived to its public base T. It is not fixed for a virtual base.
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

// A method of T or of one of its bases.
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

// The stubs for calls with these arguments.
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

}  // namespace detail

template <class T>
class ActorHandle {
  static_assert(std::is_class_v<T> || std::is_union_v<T>,
                "manta::actor<T>, ActorHandle<T>: T is no class. A function is called with "
                "manta::remote(f)(args...)");

 public:
  // An empty handle.
  ActorHandle() = default;
  // A handle converts to that of a public base class, unless the base is virtual.
  template <class Derived>
    requires(!std::is_same_v<Derived, T> && std::is_convertible_v<Derived*, T*>)
  ActorHandle(const ActorHandle<Derived>& other) : state_(other.state_) {
    state_.offset += detail::base_offset<T, Derived>();
  }

  // Calls a method, or any callable that takes a T& first. Gives an ObjectRef to the result.
  template <class M, class... Args>
  auto call(M method, Args&&... args) const {
    return submit<false>(std::move(method), std::forward<Args>(args)...);
  }
  // The same for a method that is known at compile time: call<&T::m>(args...).
  template <auto M, class... Args>
  auto call(Args&&... args) const {
    return submit<false>(M, std::forward<Args>(args)...);
  }
  // The same for an overloaded method, by its signature: call<R(A...)>(&T::m, args...).
  template <class Signature, class... Args>
    requires std::is_function_v<Signature>
  auto call(std::type_identity_t<Signature> T::*method, Args&&... args) const {
    return submit<false>(method, std::forward<Args>(args)...);
  }
  // One way: as call(), but there is no result, and an error is only logged.
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
  // These explain what cannot be called: a set of overloads, or no method at all.
  template <class None = void, class M = typename detail::OverloadedMethod<None>::type,
            class... Args>
    requires detail::always_false<M>
  detail::Refused call(M, Args&&...) const;
  template <class None = void, class M = typename detail::OverloadedMethod<None>::type,
            class... Args>
    requires detail::always_false<M>
  void post(M, Args&&...) const;
  template <detail::OverloadsAsArgument<detail::OverloadedMethod> M, class... Args>
  detail::Refused call(Args&&...) const;
  template <detail::OverloadsAsArgument<detail::OverloadedMethod> M, class... Args>
  void post(Args&&...) const;
  template <class NoSignature, class M, class... Args>
    requires(!std::is_function_v<NoSignature> && !std::is_same_v<NoSignature, M>)
  auto call(M, Args&&...) const {
    static_assert(detail::always_false<NoSignature>,
                  "handle.call<R(A...)>(&C::method, ...): R(A...) stands for the method's "
                  "signature, such as int(double); of one that is not overloaded nothing need be "
                  "said: handle.call(&C::method, ...)");
    return detail::Refused();
  }
  template <class None = void>
  auto call() const {
    detail::explain_no_method<None>();
    return detail::Refused();
  }
  template <class None = void>
  void post() const {
    detail::explain_no_method<None>();
  }

  // A handle of the same actor, with options for the calls that are made through it. The options do not travel with the
  // handle, and == ignores them.
  ActorHandle with(CallOptions options) const {
    detail::check_call_options(options);
    ActorHandle handle = *this;
    handle.state_.options = std::make_shared<const CallOptions>(std::move(options));
    return handle;
  }
  // A handle of the same actor, whose calls give a tuple of refs for a tuple result.
  auto unpack() const { return UnpackedHandle{*this}; }

  // Is ready when the actor has been constructed; get() throws the constructor's error.
  ObjectRef<void> ready() const {
    return detail::RefAccess::make<ObjectRef<void>>(
        detail::actor_ready(checked("ActorHandle::ready()")));
  }
  // Is ready when the actor has ended; get() throws ActorDied unless that was a normal end.
  ObjectRef<void> ended() const {
    return detail::RefAccess::make<ObjectRef<void>>(
        detail::actor_ended(checked("ActorHandle::ended()")));
  }
  // Ends the actor's process at once, without the destructor; the refs of calls that have not ended hold ActorDied.
  void kill() const { detail::kill_actor(checked("ActorHandle::kill()")); }
  // The same for all handles of an actor.
  ActorId id() const { return checked("ActorHandle::id()").id(); }
  // Whether it is not empty.
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
      return handle.template submit<false, detail::Unpacking::kTuple>(std::move(method),
                                                                      std::forward<Args>(args)...);
    }
    template <auto M, class... Args>
    auto call(Args&&... args) const {
      return handle.template submit<false, detail::Unpacking::kTuple>(M,
                                                                      std::forward<Args>(args)...);
    }
    template <class Signature, class... Args>
      requires std::is_function_v<Signature>
    auto call(std::type_identity_t<Signature> T::*method, Args&&... args) const {
      return handle.template submit<false, detail::Unpacking::kTuple>(method,
                                                                      std::forward<Args>(args)...);
    }
  };

  detail::ActorEntry& checked(const char* what) const {
    return detail::checked_actor(state_.entry, what);
  }

  template <bool OneWay, detail::Unpacking How = detail::Unpacking::kNone, class F, class... Args>
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
      return detail::explained<Check, R, How>();
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
      detail::explain_called_on<F>();
      return detail::Refused();
    } else {
      using Signature = detail::CallableSignature<F>;
      using Parameters = typename detail::FirstOf<typename Signature::Parameters>::rest;
      using R = typename Signature::Result;
      using Check = detail::CallableCheck<F, R, Parameters, Args&&...>;
      if constexpr (!Check::fits()) {
        return detail::explained<Check, R, How>();
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
      detail::pass_state(call, f);
      detail::pass_all<Parameters>(call, std::forward<Args>(args)...);
    });
  }

  template <bool OneWay, detail::Unpacking How, class R, class Pass>
  auto finish(detail::CallSpec spec, Pass&& pass) const {
    static_assert(!(OneWay && detail::is_generator<R>),
                  "handle.post() of a generator: nobody would get its items: use handle.call()");
    spec.object_offset = state_.offset;
    spec.gives_items = detail::is_generator<R>;
    detail::CallBuilder call(spec, state_.entry, state_.options.get());
    pass(call);
    if constexpr (OneWay) {
      call.submit_one_way();
    } else if constexpr (detail::is_generator<R> && How == detail::Unpacking::kNone) {
      const auto* const options = state_.options.get();
      return detail::submit_stream<R>(call, options == nullptr ? 0 : options->max_buffered);
    } else {
      return detail::submit_as<R, How>(call, 1);
    }
  }

  detail::HandleState state_;
};

// Whether both are handles of one actor, or both empty.
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

}  // namespace detail

template <class T, class U>
bool operator==(const ActorHandle<T>& a, const ActorHandle<U>& b) {
  return detail::HandleAccess::state(a).entry == detail::HandleAccess::state(b).entry;
}

template <class T>
struct serialization::Codec<ActorHandle<T>> {
  static constexpr TypeNode node() { return make_node<ActorHandle<T>, Types<>>(); }
  static void write(Writer& writer, const ActorHandle<T>& handle) {
    const auto& state = detail::HandleAccess::state(handle);
    if (state.entry) detail::checked_actor(state.entry, "an ActorHandle inside a value");
    writer.reference(RefKind::kActor, state.entry);
    writer.fixed(static_cast<std::int64_t>(state.offset));
  }
  static ActorHandle<T> read(Reader& reader) {
    auto target = reader.reference(RefKind::kActor).target;
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
