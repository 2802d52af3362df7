// Why a type cannot be serialized, and what its author can do: one text for each reason, for compile errors (explain.h)
// as well as for reports (inspect.h). It is a macro because the text of a static_assert must be a literal; explain.h,
// which is its last user, undefines it.
#pragma once
#include <cstdint>

#include "../../base/build_settings.h"

// clang-format off
#define MANTA_REFUSALS(REFUSAL) \
  REFUSAL(kPointer, \
          "a raw pointer does not say who owns what it points to: use std::shared_ptr, " \
          "std::unique_ptr, or manta::observer<T> for a link to something owned in the same " \
          "value") \
  REFUSAL(kView, \
          "a view does not own its elements: use std::string, std::vector or manta::Array") \
  REFUSAL(kFunction, "std::function hides what it holds: use manta::RemoteFunction<R(A...)>") \
  REFUSAL(kClosure, \
          "a lambda, whose captures cannot be listed: use manta::capture(lambda, captured...) " \
          "or a function object") \
  REFUSAL(kReferenceWrapper, \
          "a reference does not own what it refers to: hold the value or a std::shared_ptr") \
  REFUSAL(kLive, /* mutexes, threads, futures, streams */ \
          "it stands for something that lives in this process only. The class that holds it: " \
          "give it a manta_reduce(), register a serializer, or hold it in an actor") \
  REFUSAL(kLongDouble, "long double differs between machines: use double") \
  REFUSAL(kSteadyClock, \
          "a steady_clock time means nothing in another process: send a duration or a " \
          "system_clock time") \
  REFUSAL(kUnion, \
          "a union does not say which member it holds: use std::variant or a manta_reduce()") \
  REFUSAL(kBases, \
          "the members of its bases would be lost: list them all, inherited ones too, in " \
          "static constexpr auto manta_members(). For a class of another library: template <> " \
          "struct manta::serializer<T> { static X reduce(const T&); static T restore(X); }; " \
          "with any X that can be serialized") \
  REFUSAL(kPrivate, \
          "it is no aggregate (private members, constructors or virtual functions): give it a " \
          "manta_reduce(), register a serializer, or hold it in an actor; or list its members " \
          "in static constexpr auto manta_members(). For a class of another library: " \
          "template <> struct manta::serializer<T> { static X reduce(const T&); static T " \
          "restore(X); }; " \
          "with any X that can be serialized") \
  REFUSAL(kOpaque, \
          "its members cannot be counted (one is a reference, or converts from anything): list" \
          " them in static constexpr auto manta_members(). For a class of another library: " \
          "template <> struct manta::serializer<T> { static X reduce(const T&); static T " \
          "restore(X); }; with any X that can be serialized") \
  REFUSAL(kTooMany, \
          "it has more than 64 members: list them in static constexpr auto manta_members()") \
  REFUSAL(kAnonymous, \
          "it has an anonymous union or struct, whose members cannot be told from its own: " \
          "list those that count in static constexpr auto manta_members(), or give it a " \
          "manta_reduce()") \
  REFUSAL(kUnaddressable, \
          "a bit field or packed member of it has no address that a reference may hold: give " \
          "it a manta_reduce(), or, without bit fields, list its members in static constexpr " \
          "auto manta_members()") \
  REFUSAL(kVolatile, \
          "a volatile member may change while it is read: remove the qualifier, or list the " \
          "members in static constexpr auto manta_members()") \
  REFUSAL(kFlexible, \
          "its last member is an array whose length its type does not say: make it a std::vector " \
          "or a manta::Array, or give the class a manta_reduce() that knows the length") \
  REFUSAL(kIncomplete, "its class is only declared here: include the header that defines it") \
  REFUSAL(kFunctionPointer, \
          "a function or a pointer to a function or member means nothing in another process: " \
          "use manta::RemoteFunction<R(A...)>") \
  REFUSAL(kExtension, \
          "it is an extension of the compiler: use a standard type (double, std::complex, " \
          "std::array), or a manta_reduce() of the class that holds it") \
  REFUSAL(kElements, /* of an Array */ \
          "an array keeps its elements as plain bytes, so they must be trivially copyable, " \
          "without pointers, manta_reduce() or serializer: use std::vector") \
  REFUSAL(kArrayPointer, \
          "a pointer to an array does not say how long it is: use std::vector or manta::Array") \
  REFUSAL(kDeleter, \
          "a unique_ptr with a deleter of its own cannot be rebuilt, because the object that " \
          "is read comes from new, which that deleter may not take back: use " \
          "std::default_delete or a std::shared_ptr, or give the class that holds it a " \
          "manta_reduce()") \
  REFUSAL(kFunctionObject, /* a comparator, hash or equality with state */ \
          "a comparator, hash or equality with state travels with its container if it can be " \
          "serialized: make it a struct with an operator() and serializable members, not a " \
          "function pointer, std::function or capturing lambda") \
  REFUSAL(kAllocator, /* with state */ \
          "its container would lose the state of this allocator: use std::allocator or " \
          "std::pmr (which comes back with the default resource), or give it static constexpr " \
          "auto manta_members()") \
  REFUSAL(kVoidPointer, "a pointer to void does not say what it points to") \
  REFUSAL(kNotDefault, \
          "manta_members() fills a default-constructed, movable object: give it a default " \
          "constructor or a manta_reduce()") \
  REFUSAL(kInheritedHook, \
          "its manta_ functions are inherited and would lose its own members: define them in " \
          "the class itself") \
  REFUSAL(kRestoresOther, \
          "a wrapper, whose manta_restore() returns another type, can be put, passed and " \
          "returned; other values and parameters hold what it restores") \
  REFUSAL(kNoRestore, \
          "what its manta_reduce() returns does not make it again: give it a constructor with " \
          "those parameters, or a static manta_restore() that takes them") \
  REFUSAL(kStream, /* a generator, or the refs of its items */ \
          "the items of a generator come one by one to the caller of a function that returns " \
          "it, and to nobody else: pass on the refs of those that are there, which are values") \
  REFUSAL(kQualified, "const, volatile and reference types cannot be made: remove the qualifier")
// clang-format on

namespace manta::serialization {

enum class Refusal : std::uint8_t {
  kNone,
#define MANTA_REASON(reason, advice) reason,
  MANTA_REFUSALS(MANTA_REASON)
#undef MANTA_REASON
};

// What the author of a type that is refused can do; empty for kNone.
constexpr const char* advice(Refusal refusal) {
  switch (refusal) {
#define MANTA_REASON(reason, advice) \
  case Refusal::reason:              \
    return advice;
    MANTA_REFUSALS(MANTA_REASON)
#undef MANTA_REASON
    case Refusal::kNone:
      break;
  }
  return "";
}

}  // namespace manta::serialization
