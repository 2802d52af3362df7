// What a container holds beside its elements: a comparator, a hash, an equality, an allocator. One
// with state travels in front of the container, which is made with it again; one without is made
// anew and leaves no trace, neither in the bytes nor in the text.
//
//   text    with<less F,map<K,V>>    with<hash H,equal E,set<K>>    with<memory A,seq<T>>
//   bytes   F, settled (what a comparator looks at must have been read before it compares), ..., then the
//           container as always
//
// An allocator says where memory comes from, which is no part of the value: an allocator of std::pmr becomes
// the reader's default resource, as it does when a container is copied.
// Threads: confined.
#pragma once
#include <array>
#include <memory>
#include <string_view>
#include <type_traits>

#include "../codec/codec.h"
#include "../codec/settled.h"

namespace manta::serialization {

template <class T>
concept HasBuckets = requires {
  typename T::hasher;
  typename T::key_equal;
};

template <class T>
concept HasComparator = requires { typename T::key_compare; };

template <class T>
concept IsHeap = requires { typename T::value_compare; } && !HasComparator<T>;  // priority_queue

template <class T>
concept HasAllocator = requires { typename T::allocator_type; };

// Stands for a part that is refused whatever it is made of, with advice that says what it is for.
template <class F>
struct FunctionObject {};
template <class A>
struct StatefulAllocator {};

template <class F>
struct Codec<FunctionObject<F>> {
  static constexpr TypeNode node() {
    return {.name = kTypeName<F>, .refusal = Refusal::kFunctionObject};
  }
};
template <class A>
struct Codec<StatefulAllocator<A>> {
  static constexpr TypeNode node() {
    return {.name = kTypeName<A>, .refusal = Refusal::kAllocator};
  }
};

// F may be const: std::set<int, const F> holds an F.
template <class F>
inline constexpr bool is_stateless_function =
    std::is_empty_v<F> && std::is_default_constructible_v<F>;

template <class A>
inline constexpr bool is_pmr_allocator = is_std_type<A> && kShortName<A> == "polymorphic_allocator";
template <class A>
inline constexpr bool is_stateless_allocator =
    std::is_default_constructible_v<A> &&
    (std::allocator_traits<A>::is_always_equal::value || is_pmr_allocator<A>);

// What stands for such an object among the parts of the container; nothing if it has no state.
template <class F, bool Stateless, class Refused>
using HeldPart = std::conditional_t<
    Stateless, Types<>,
    Types<std::conditional_t<kKind<F> == Kind::kRefused || !std::is_copy_constructible_v<F>,
                             Refused, F>>>;
template <class F, class Object = std::remove_const_t<F>>
using FunctionPart = HeldPart<Object, is_stateless_function<Object>, FunctionObject<Object>>;
template <class A>
using AllocatorPart = HeldPart<A, is_stateless_allocator<A>, StatefulAllocator<A>>;

template <class... Lists>
struct Concatenated;
template <class... A>
struct Concatenated<Types<A...>> {
  using type = Types<A...>;
};
template <class... A, class... B, class... More>
struct Concatenated<Types<A...>, Types<B...>, More...> : Concatenated<Types<A..., B...>, More...> {
};
template <class... Lists>
using Concatenate = typename Concatenated<Lists...>::type;

template <class T>
struct Functions {
  using Parts = Types<>;
};
template <HasBuckets T>
struct Functions<T> {
  using Parts = Concatenate<FunctionPart<typename T::hasher>, FunctionPart<typename T::key_equal>>;
};
template <HasComparator T>
struct Functions<T> {
  using Parts = FunctionPart<typename T::key_compare>;
};
template <IsHeap T>
struct Functions<T> {
  using Parts = FunctionPart<typename T::value_compare>;
};

template <class T>
struct Memory {
  using Parts = Types<>;
};
template <HasAllocator T>
struct Memory<T> {
  using Parts = AllocatorPart<typename T::allocator_type>;
};

template <class T>
using HeldParts = Concatenate<typename Functions<T>::Parts, typename Memory<T>::Parts>;
template <class T>
inline constexpr bool holds_state = HeldParts<T>::size != 0;

// The parts of a container of these elements.
template <class T, class... Element>
using ContainerParts = Concatenate<Types<Element...>, HeldParts<T>>;

template <class T, std::size_t Elements>
consteval auto part_names() {
  std::array<std::string_view, Elements + HeldParts<T>::size> names;
  names.fill("[]");
  std::size_t at = Elements;
  const auto add = [&](std::size_t count, std::string_view name) {
    for (std::size_t i = 0; i < count; ++i) {
      names[at++] = name;
    }
  };
  if constexpr (HasBuckets<T>) {
    add(FunctionPart<typename T::hasher>::size, "hash");
    add(FunctionPart<typename T::key_equal>::size, "equality");
  } else {
    add(Functions<T>::Parts::size, "comparator");
  }
  add(Memory<T>::Parts::size, "allocator");
  return names;
}
template <class T, std::size_t Elements>
inline constexpr auto kPartNames = part_names<T, Elements>();

template <class T, class... Element>
constexpr TypeNode container_node() {
  TypeNode node = make_node<T, ContainerParts<T, Element...>>();
  if constexpr (holds_state<T>) {
    node.member_names = kPartNames<T, sizeof...(Element)>.data();
  }
  return node;
}

// ---- writing, in the order: functions, allocator
template <bool Stateless, class F>
void write_held(Writer& writer, const F& object) {
  if constexpr (!Stateless) {
    const Writer::Nested nested(writer);
    const Writer::Temporary temporary(writer);  // a container gives copies
    write_settled<F>(writer, object);
  }
}

template <class F>
void write_function_object(Writer& writer, const F& function) {
  write_held<is_stateless_function<F>, std::remove_const_t<F>>(writer, function);
}

template <class T>
void write_state([[maybe_unused]] Writer& writer, [[maybe_unused]] const T& container) {
  if constexpr (holds_state<T>) {
    if constexpr (HasBuckets<T>) {
      write_function_object<typename T::hasher>(writer, container.hash_function());
      write_function_object<typename T::key_equal>(writer, container.key_eq());
    } else if constexpr (HasComparator<T>) {
      write_function_object<typename T::key_compare>(writer, container.key_comp());
    }
    if constexpr (HasAllocator<T>) {
      write_held<is_stateless_allocator<typename T::allocator_type>>(writer,
                                                                     container.get_allocator());
    }
  }
}

// ---- reading
template <class F, bool Stateless>
F read_held([[maybe_unused]] Reader& reader) {
  if constexpr (Stateless) {
    return F();
  } else {
    const Reader::Nested nested(reader);
    return read_settled<F>(reader);
  }
}

template <class F>
std::remove_const_t<F> read_function_object(Reader& reader) {
  return read_held<std::remove_const_t<F>, is_stateless_function<F>>(reader);
}

template <class A>
A read_allocator(Reader& reader) {
  return read_held<A, is_stateless_allocator<A>>(reader);
}

// A container without elements, with all that write_state() wrote.
template <class T>
T read_empty([[maybe_unused]] Reader& reader) {
  if constexpr (!holds_state<T>) {
    return T();
  } else if constexpr (HasBuckets<T>) {
    const auto hash = read_function_object<typename T::hasher>(reader);
    const auto equal = read_function_object<typename T::key_equal>(reader);
    return T(0, hash, equal, read_allocator<typename T::allocator_type>(reader));
  } else if constexpr (HasComparator<T> && HasAllocator<T>) {
    const auto less = read_function_object<typename T::key_compare>(reader);
    return T(less, read_allocator<typename T::allocator_type>(reader));
  } else if constexpr (HasComparator<T>) {
    return T(read_function_object<typename T::key_compare>(reader));
  } else {
    return T(read_allocator<typename T::allocator_type>(reader));
  }
}

// ---- the text
template <bool Stateless, class F>
void describe_held([[maybe_unused]] TypeText& text, [[maybe_unused]] std::string_view role) {
  if constexpr (!Stateless) {
    text.append(role);
    Codec<F>::describe(text);
    text.append(",");
  }
}

template <class F>
void describe_function(TypeText& text, std::string_view role) {
  describe_held<is_stateless_function<F>, std::remove_const_t<F>>(text, role);
}

template <class T, class Describe>
void describe_container(TypeText& text, Describe describe_elements) {
  if constexpr (!holds_state<T>) {
    describe_elements();
  } else {
    text.append("with<");
    if constexpr (HasBuckets<T>) {
      describe_function<typename T::hasher>(text, "hash ");
      describe_function<typename T::key_equal>(text, "equal ");
    } else if constexpr (HasComparator<T>) {
      describe_function<typename T::key_compare>(text, "less ");
    } else if constexpr (IsHeap<T>) {
      describe_function<typename T::value_compare>(text, "less ");
    }
    if constexpr (HasAllocator<T>) {
      using Allocator = typename T::allocator_type;
      describe_held<is_stateless_allocator<Allocator>, Allocator>(text, "memory ");
    }
    describe_elements();
    text.append(">");
  }
}

}  // namespace manta::serialization
