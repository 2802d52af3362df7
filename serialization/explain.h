// The compile error for a type that cannot be serialized. A static_assert's text is fixed, so the
// names stand in the instantiation that fails:
//
//   CannotBeSerialized<Reason, Root, Job, (... Job::lock), std::mutex>    in a value of type Root, the
//                                member `lock` of a Job, a std::mutex, is the reason
//
// Threads: compile time only.
#pragma once
#include <type_traits>

#include "codec/codec.h"

namespace manta::serialization {

template <class T>
inline constexpr bool kNever = false;

struct TheTypeItself {};
struct AnElement {};

// One specialisation for each reason: its text is the advice.
template <Refusal R, class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized;

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kPointer, Root, Holder, Member, Type> {
  static_assert(
      kNever<Type>,
      "Manta cannot serialize a raw pointer, which does not say who owns what it points to:"
      " use std::shared_ptr, std::unique_ptr, or manta::observer<T> for a link to something"
      " owned in the same value");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kView, Root, Holder, Member, Type> {
  static_assert(kNever<Type>,
                "Manta cannot serialize a view, which does not own its elements: use std::string, "
                "std::vector or manta::Array");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kFunction, Root, Holder, Member, Type> {
  static_assert(kNever<Type>,
                "Manta cannot serialize std::function, which hides what it holds: use "
                "manta::RemoteFunction<R(A...)>");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kClosure, Root, Holder, Member, Type> {
  static_assert(kNever<Type>,
                "Manta cannot serialize a lambda, whose captures cannot be listed: use "
                "manta::capture(lambda, captured...) or a function object");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kReferenceWrapper, Root, Holder, Member, Type> {
  static_assert(
      kNever<Type>,
      "Manta cannot serialize a reference, which does not own what it refers to: hold the "
      "value or a std::shared_ptr");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kLive, Root, Holder, Member, Type> {
  static_assert(kNever<Type>,
                "Manta cannot serialize this member: it stands for something that lives in this "
                "process only. Who holds it: give it a manta_reduce(), register a serializer, "
                "or hold it in an actor");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kLongDouble, Root, Holder, Member, Type> {
  static_assert(kNever<Type>,
                "Manta cannot serialize long double, which differs between machines: use double");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kUnion, Root, Holder, Member, Type> {
  static_assert(kNever<Type>,
                "Manta cannot serialize a union, which does not say which member it holds: use "
                "std::variant or a manta_reduce()");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kBases, Root, Holder, Member, Type> {
  static_assert(kNever<Type>,
                "Manta cannot see the members of a class with non-empty bases: list them all, "
                "inherited ones too, in static constexpr auto manta_members(). For a class of "
                "another library: template <> struct manta::serializer<T> { static X reduce(const "
                "T&); static T restore(X); }; with any X that can be serialized");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kOpaque, Root, Holder, Member, Type> {
  static_assert(kNever<Type>,
                "Manta cannot count the members of this class (one is a reference or converts from "
                "anything): list them in static constexpr auto manta_members(). For a class of "
                "another library: template <> struct manta::serializer<T> { static X reduce(const "
                "T&); static T restore(X); }; with any X that can be serialized");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kElements, Root, Holder, Member, Type> {
  static_assert(
      kNever<Type>,
      "manta::Array keeps its elements as plain bytes, so they must be trivially copyable, "
      "without pointers, manta_reduce() or serializer: use std::vector for others");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kTooMany, Root, Holder, Member, Type> {
  static_assert(kNever<Type>,
                "Manta cannot see the members of a class with more than 64: list them in static "
                "constexpr auto manta_members()");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kAnonymous, Root, Holder, Member, Type> {
  static_assert(kNever<Type>,
                "Manta cannot see an anonymous union or struct of this class: list the members "
                "that count in static constexpr auto manta_members(), or give it a manta_reduce()");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kUnaddressable, Root, Holder, Member, Type> {
  static_assert(
      kNever<Type>,
      "Manta cannot refer to a bit field or packed member of this class: give it a manta_reduce(), "
      "or, without bit fields, list its members in static constexpr auto manta_members()");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kVolatile, Root, Holder, Member, Type> {
  static_assert(kNever<Type>,
                "Manta does not read a volatile member on its own: remove the qualifier, or list "
                "the members in static constexpr auto manta_members()");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kIncomplete, Root, Holder, Member, Type> {
  static_assert(kNever<Type>,
                "Manta cannot serialize a class that is only declared here: include the header "
                "that defines it");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kFunctionPointer, Root, Holder, Member, Type> {
  static_assert(kNever<Type>,
                "Manta cannot serialize a function or a pointer to a function or member: use "
                "manta::RemoteFunction<R(A...)>");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kExtension, Root, Holder, Member, Type> {
  static_assert(
      kNever<Type>,
      "Manta cannot serialize this extension of the compiler: use a standard type (double, "
      "std::complex, std::array), or a manta_reduce() of the class that holds it");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kArrayPointer, Root, Holder, Member, Type> {
  static_assert(
      kNever<Type>,
      "Manta cannot serialize a pointer to an array, which does not say how long it is: use"
      " std::vector or manta::Array");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kDeleter, Root, Holder, Member, Type> {
  static_assert(
      kNever<Type>,
      "Manta cannot rebuild a unique_ptr with a deleter of its own, because the object that is"
      " read comes from new, which that deleter may not take back: use std::default_delete or a"
      " std::shared_ptr, or give the class that holds it a manta_reduce()");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kFunctionObject, Root, Holder, Member, Type> {
  static_assert(
      kNever<Type>,
      "Manta cannot serialize this comparator, hash or equality, which has state that would be"
      " lost: make it a struct with an operator() and serializable members, not a function"
      " pointer, std::function or capturing lambda");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kAllocator, Root, Holder, Member, Type> {
  static_assert(kNever<Type>,
                "Manta would lose the state of this allocator: use std::allocator or std::pmr"
                " (which comes back with the default resource), or give it static constexpr auto"
                " manta_members()");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kVoidPointer, Root, Holder, Member, Type> {
  static_assert(kNever<Type>,
                "Manta cannot serialize a pointer to void, which does not say what it points to");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kNotDefault, Root, Holder, Member, Type> {
  static_assert(kNever<Type>,
                "Manta fills a default-constructed object: give it a default constructor or a "
                "manta_reduce()");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kInheritedHook, Root, Holder, Member, Type> {
  static_assert(kNever<Type>,
                "Manta would lose this class's own members, because its manta_ functions are "
                "inherited: define them in the class itself");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kNoRestore, Root, Holder, Member, Type> {
  static_assert(
      kNever<Type>,
      "what its manta_reduce() returns does not make it again: give it a constructor with "
      "those parameters, or a static manta_restore() that takes them");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kRestoresOther, Root, Holder, Member, Type> {
  static_assert(
      kNever<Type>,
      "Manta cannot read a wrapper, whose manta_restore() returns another type: put, pass "
      "or return the wrapper; other values and parameters hold what it restores");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kQualified, Root, Holder, Member, Type> {
  static_assert(kNever<Type>,
                "Manta cannot make const, volatile or reference types: remove the qualifier");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kPrivate, Root, Holder, Member, Type> {
  static_assert(
      kNever<Type>,
      "Manta cannot see the members of this class (it has private members, constructors or "
      "virtual functions): give it a manta_reduce(), register a serializer, or hold it in "
      "an actor; or list its members in static constexpr auto manta_members(). For a class of "
      "another library: template <> struct manta::serializer<T> { static X reduce(const T&); "
      "static T restore(X); }; with any X that can be serialized");
};

template <class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized<Refusal::kSteadyClock, Root, Holder, Member, Type> {
  static_assert(
      kNever<Type>,
      "Manta cannot serialize a steady_clock time, which means nothing in another process: "
      "send a duration or a system_clock time");
};

// Indexes of the first refused type in the walk from T, and of those on the way.
template <class T>
struct Failure {
  struct Found {
    Refusal refusal = Refusal::kNone;
    std::size_t length = 0;
    std::size_t path[64] = {};  // which part, from the root down
  };
  static consteval Found find() {
    TypeWalk walk(type_node<T>);
    std::size_t at = walk.find([](const TypeNode& n) { return n.refusal != Refusal::kNone; });
    Found found{.refusal = walk.node(at).refusal};
    for (; walk.parent(at) != TypeWalk::kMaxTypes && found.length < 64; at = walk.parent(at)) {
      found.path[found.length++] = walk.part(at);
    }
    for (std::size_t i = 0; i < found.length / 2; ++i) {
      const std::size_t other = found.length - 1 - i;
      const std::size_t part = found.path[i];
      found.path[i] = found.path[other];
      found.path[other] = part;
    }
    return found;
  }
  static constexpr Found value = find();
};

template <std::size_t I, class Parts>
struct PartAt;
template <std::size_t I, class First, class... More>
struct PartAt<I, Types<First, More...>> : PartAt<I - 1, Types<More...>> {};
template <class First, class... More>
struct PartAt<0, Types<First, More...>> {
  using type = First;
};

template <class T, std::size_t I>
constexpr auto member_of() {
  if constexpr (kKind<T> == Kind::kAggregate) {
    return member_address<T, I>();
  } else if constexpr (kKind<T> == Kind::kMembers) {
    return std::get<I>(T::manta_members());
  } else {
    return AnElement{};
  }
}

template <class T>
inline constexpr bool is_types = false;
template <class... P>
inline constexpr bool is_types<Types<P...>> = true;

template <class T>
consteval bool names_parts() {
  if constexpr (requires { typename Codec<T>::Parts; }) {
    return is_types<typename Codec<T>::Parts>;
  } else {
    return false;
  }
}

// Follows the path down to the refused type, and notes the last member that has a name.
template <class Root, class T, class Holder, auto Member, std::size_t Step, bool End>
struct Culprit {
  static constexpr std::size_t kPart = Failure<Root>::value.path[Step];
  static constexpr bool kNamed = kKind<T> == Kind::kAggregate || kKind<T> == Kind::kMembers;
  using Part = typename PartAt<kPart, typename Codec<T>::Parts>::type;
  static constexpr bool kEnd = Step + 1 == Failure<Root>::value.length || !names_parts<Part>();
  static constexpr auto kMember = [] {
    if constexpr (kNamed) {
      return member_of<T, kPart>();
    } else {
      return Member;
    }
  }();
  using Error = typename Culprit<Root, Part, std::conditional_t<kNamed, T, Holder>, kMember,
                                 Step + 1, kEnd>::Error;
};
template <class Root, class T, class Holder, auto Member, std::size_t Step>
struct Culprit<Root, T, Holder, Member, Step, true> {
  using Error = CannotBeSerialized<Failure<Root>::value.refusal, Root, Holder, Member, T>;
};

// Compiles if a T can be written and read; else the error names member, type and advice.
template <class T>
constexpr void require_serializable() {
  if constexpr (!serializable_v<T>) {
    constexpr bool kEnd = Failure<T>::value.length == 0 || !names_parts<T>();
    static_cast<void>(sizeof(typename Culprit<T, T, T, TheTypeItself{}, 0, kEnd>::Error));
  }
}

}  // namespace manta::serialization
