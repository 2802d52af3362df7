// How the arguments of manta::actor<T>(args...) meet a constructor of T. The types of its parameters cannot be asked
// for, so that it is tried out what they take: first all arguments as they are, then with all refs resolved, then each
// argument by the rules of remote functions (signature.h): a Given converts to the type of whatever parameter it meets.
//
// Threads: types, and code confined to the executor that constructs.
#pragma once
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "submit.h"

namespace manta::detail {

enum class Giving { kAsItIs, kResolved, kList };

template <Giving How>
consteval bool gives(Passing passing) {
  if (How == Giving::kResolved) return passing == Passing::kReference;
  if (How == Giving::kList) return passing == Passing::kList;
  return passing == Passing::kValue || passing == Passing::kEncodedAs;
}

// The type of what travels for an argument, or for each element of a list.
template <class A, Giving How>
struct Travelling {
  using type = Stored<A>;
};
template <class U>
struct Travelling<ObjectRef<U>, Giving::kResolved> {
  using type = U;
};
template <class U, class Allocator>
struct Travelling<std::vector<ObjectRef<U>, Allocator>, Giving::kList> {
  using type = U;
};

// Keeps what a view parameter points into until the constructor has returned.
using KeptHolders = std::vector<std::shared_ptr<void>>;

// An argument A in the worker, before it is known which type it is to have. It does not convert to T, which is what is
// being constructed.
template <class T, class A, Giving How>
class Given {
 public:
  Given(const CallContext& call, std::size_t index, KeptHolders& kept)
      : call_(call), argument_(call.argument(index)), kept_(kept) {}

  template <class P>
    requires(!std::is_same_v<P, T> && gives<How>(passing<const A&, P>()))
  operator P() const {
    if constexpr (std::is_same_v<P, Holder<P>>) {
      return holder<P>();
    } else {  // a view
      auto kept = std::make_shared<Holder<P>>(holder<Holder<P>>());
      kept_.push_back(kept);
      return pass<P>(*kept);
    }
  }

 private:
  using U = typename Travelling<A, How>::type;

  template <class H>
  H holder() const {
    if constexpr (How == Giving::kList) {
      return decode_list<H, U>(call_, argument_);
    } else {
      return decode_as<H, U>(call_.value(argument_.first));
    }
  }

  const CallContext& call_;
  const CallContext::Argument& argument_;
  KeptHolders& kept_;
};

// An argument that may be given in any way, where it is tested what is constructible.
template <class T, class A>
struct Either {
  template <class P>
    requires(!std::is_same_v<P, T> && passing<const A&, P>() != Passing::kMismatch)
  operator P() const;
};

template <Giving... How>
struct Givings {};

// Finds for each argument the first way of giving it that fits, however the others are given.
template <class T, class... A>
struct FindGivings {
  template <std::size_t At, Giving How, std::size_t... I>
  static consteval bool fits(std::index_sequence<I...>) {
    return std::is_constructible_v<T,
                                   std::conditional_t<I == At, Given<T, A, How>, Either<T, A>>...>;
  }
  template <std::size_t At>
  static consteval Giving of() {
    constexpr auto all = std::index_sequence_for<A...>{};
    if constexpr (fits<At, Giving::kAsItIs>(all)) {
      return Giving::kAsItIs;
    } else if constexpr (fits<At, Giving::kResolved>(all)) {
      return Giving::kResolved;
    } else {
      return Giving::kList;
    }
  }
  template <std::size_t... I>
  static Givings<of<I>()...> all(std::index_sequence<I...>);
  using type = decltype(all(std::index_sequence_for<A...>{}));
};

template <class T, class Ways, class... A>
struct GivenConstructor;
template <class T, Giving... How, class... A>
struct GivenConstructor<T, Givings<How...>, A...> {
  static constexpr bool possible = std::is_constructible_v<T, Given<T, A, How>...>;

  struct Stub : Registered<Stub> {
    static void run(CallContext& call) {
      call.construct(instance_of<T>(nullptr));
      call.construct(instance_of(construct(call, std::index_sequence_for<A...>{})));
    }
    template <std::size_t... I>
    static T* construct(const CallContext& call, std::index_sequence<I...>) {
      KeptHolders kept;
      return new T(Given<T, A, How>(call, I, kept)...);
    }
  };

  template <class... Args>
  static void pass(CallBuilder& call, Args&&... arguments) {
    (give<How, A>(call, std::forward<Args>(arguments)), ...);
  }

 private:
  template <Giving Way, class Plain, class Argument>
  static void give(CallBuilder& call, Argument&& argument) {
    if constexpr (Way == Giving::kAsItIs) {
      pass_argument<Stored<Plain>>(call, std::forward<Argument>(argument));
    } else if constexpr (Way == Giving::kResolved) {
      call.reference(RefAccess::entry(argument));
    } else {
      pass_list(call, argument);
    }
  }
};

// Each argument is given by its own rule. A are types without references.
template <class T, class... A>
using ConvertedConstructor = GivenConstructor<T, typename FindGivings<T, A...>::type, A...>;

}  // namespace manta::detail
