// The compile error for a type that cannot be serialized. The text of a static_assert is fixed (refusals.h), so the
// names stand in the instantiation that fails:
//
//   CannotBeSerialized<Reason, Root, Job, (... Job::lock), std::mutex>    in a value of type Root, the
//                                member `lock` of a Job, a std::mutex, is the reason
//
// Threads: compile time only.
#pragma once
#include <type_traits>

#include "../base/always_false.h"
#include "codec/codec.h"

namespace manta::serialization {

struct TheTypeItself {};
struct AnElement {};

// One specialisation for each reason, whose text is the advice.
template <Refusal R, class Root, class Holder, auto Member, class Type>
struct CannotBeSerialized;

#define MANTA_REASON(reason, advice)                                                 \
  template <class Root, class Holder, auto Member, class Type>                       \
  struct CannotBeSerialized<Refusal::reason, Root, Holder, Member, Type> {           \
    static_assert(base::always_false<Type>, "Manta cannot serialize this: " advice); \
  };
MANTA_REFUSALS(MANTA_REASON)
#undef MANTA_REASON
#undef MANTA_REFUSALS

// Indexes of the first refused type in the walk from T, and of those on the way.
template <class T>
struct Failure {
  struct Found {
    Refusal refusal = Refusal::kNone;
    std::size_t length = 0;
    std::size_t path[64] = {};  // the index of the part, from the root down
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
  static constexpr bool is_named = kKind<T> == Kind::kAggregate || kKind<T> == Kind::kMembers;
  using Part = typename PartAt<kPart, typename Codec<T>::Parts>::type;
  static constexpr bool is_end = Step + 1 == Failure<Root>::value.length || !names_parts<Part>();
  static constexpr auto kMember = [] {
    if constexpr (is_named) {
      return member_of<T, kPart>();
    } else {
      return Member;
    }
  }();
  using Error = typename Culprit<Root, Part, std::conditional_t<is_named, T, Holder>, kMember,
                                 Step + 1, is_end>::Error;
};
template <class Root, class T, class Holder, auto Member, std::size_t Step>
struct Culprit<Root, T, Holder, Member, Step, true> {
  using Error = CannotBeSerialized<Failure<Root>::value.refusal, Root, Holder, Member, T>;
};

// Compiles if a T can be written and read; else the error names the member, its type and the advice.
template <class T>
constexpr void require_serializable() {
  if constexpr (!is_serializable<T>) {
    constexpr bool is_end = Failure<T>::value.length == 0 || !names_parts<T>();
    static_cast<void>(sizeof(typename Culprit<T, T, T, TheTypeItself{}, 0, is_end>::Error));
  }
}

}  // namespace manta::serialization
