// The compile error for a type that cannot be serialized. A static_assert's text is fixed, so the
// names stand in the instantiation that fails:
//
//   cannot_be_serialized<Root, Member, Type>    Type, which is the member (see Member's text
//                                               "...Job::lock") of something in Root, is the reason
//
// Threads: compile time only.
#pragma once
#include <type_traits>

#include <manta/serialization/codec.h>

namespace manta::serialization {

template <class T>
inline constexpr bool kNever = false;

struct TheTypeItself {};
struct AnElement {};

// One assertion for each reason: what is printed is the advice.
template <Refusal R, class Root, auto Member, class Type>
struct CannotBeSerialized {
#define MANTA_ADVICE(reason, text) static_assert(R != Refusal::reason || kNever<Type>, text)
  MANTA_ADVICE(kPointer,
               "Manta cannot serialize a raw pointer, which does not say who owns what it points "
               "to: use std::shared_ptr, std::unique_ptr, or manta::observer<T> for a link to "
               "something owned in the same value");
  MANTA_ADVICE(kView,
               "Manta cannot serialize a view, which does not own its elements: use std::string, "
               "std::vector or manta::Array");
  MANTA_ADVICE(kFunction,
               "Manta cannot serialize std::function, which hides what it holds: use "
               "manta::RemoteFunction<R(A...)>");
  MANTA_ADVICE(kClosure,
               "Manta cannot serialize a lambda, whose captures cannot be listed: use "
               "manta::capture(lambda, captured...) or a function object");
  MANTA_ADVICE(kReferenceWrapper,
               "Manta cannot serialize a reference, which does not own what it refers to: hold the "
               "value or a std::shared_ptr");
  MANTA_ADVICE(kLive,
               "Manta cannot serialize this member: it stands for something that lives in this "
               "process only. Give the class that holds it a manta_reduce(), register a "
               "serializer, or hold it in an actor");
  MANTA_ADVICE(kLongDouble,
               "Manta cannot serialize long double, which differs between machines: use double");
  MANTA_ADVICE(
      kSteadyClock,
      "Manta cannot serialize a steady_clock time, which means nothing in another process: "
      "send a duration or a system_clock time");
  MANTA_ADVICE(kUnion,
               "Manta cannot serialize a union, which does not say which member it holds: use "
               "std::variant or a manta_reduce()");
  MANTA_ADVICE(kBases,
               "Manta cannot see the members of a class with non-empty bases: list them all, "
               "inherited ones too, in static constexpr auto manta_members()");
  MANTA_ADVICE(
      kPrivate,
      "Manta cannot see the members of this class (it has private members, constructors or "
      "virtual functions): give it static constexpr auto manta_members() or a "
      "manta_reduce(), register a serializer, or hold it in an actor");
  MANTA_ADVICE(kOpaque,
               "Manta cannot count the members of this class (one is a reference or converts from "
               "anything): list them in static constexpr auto manta_members()");
  MANTA_ADVICE(kTooMany,
               "Manta cannot see the members of a class with more than 64: list them in static "
               "constexpr auto manta_members()");
  MANTA_ADVICE(kArrayPointer,
               "Manta cannot serialize a pointer to an array, which does not say how long it is: "
               "use std::vector or manta::Array");
  MANTA_ADVICE(kDeleter,
               "Manta cannot rebuild a unique_ptr with a deleter of its own: use the default "
               "deleter or a manta_reduce()");
  MANTA_ADVICE(kVoidPointer,
               "Manta cannot serialize a pointer to void, which does not say what it points to");
  MANTA_ADVICE(kNotDefault,
               "Manta fills a default-constructed object: give it a default constructor or a "
               "manta_reduce()");
  MANTA_ADVICE(kInheritedHook,
               "Manta would lose this class's own members, because its manta_ functions are "
               "inherited: define them in the class itself");
  MANTA_ADVICE(kRestoresOther,
               "Manta cannot put a wrapper, whose manta_restore() returns another type, inside "
               "another value: put or return the wrapper itself");
  MANTA_ADVICE(kQualified,
               "Manta cannot make const, volatile or reference types: remove the qualifier");
#undef MANTA_ADVICE
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

template <class Root, class T, auto Member, std::size_t Step>
constexpr void explain() {
  if constexpr (Step == Failure<Root>::value.length || !names_parts<T>()) {
    static_cast<void>(sizeof(CannotBeSerialized<Failure<Root>::value.refusal, Root, Member, T>));
  } else {
    constexpr std::size_t kPart = Failure<Root>::value.path[Step];
    using Part = typename PartAt<kPart, typename Codec<T>::Parts>::type;
    if constexpr (kKind<T> == Kind::kAggregate || kKind<T> == Kind::kMembers) {
      explain<Root, Part, member_of<T, kPart>(), Step + 1>();
    } else {
      explain<Root, Part, Member, Step + 1>();
    }
  }
}

// Compiles if a T can be written and read; else the error names member, type and advice.
template <class T>
constexpr void require_serializable() {
  if constexpr (!serializable_v<T>) {
    explain<T, T, TheTypeItself{}, 0>();
  }
}

}  // namespace manta::serialization
