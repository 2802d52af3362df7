// What a type is made of, as constants: each type is a node with the types of its parts. Types may
// be recursive, so questions about a type are walks over the graph, at compile time or at run time
// (inspect_serializability).
//
// Threads: constants.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "reflect.h"

namespace manta::serialization {

template <class T>
struct Codec;

// Why a type cannot be serialized. advice() is what its author can do.
enum class Refusal : std::uint8_t {
  kNone,
  kPointer,
  kView,
  kFunction,
  kClosure,
  kReferenceWrapper,
  kLive,  // mutexes, threads, futures, streams: they stand for something in this process
  kLongDouble,
  kSteadyClock,
  kUnion,
  kBases,
  kPrivate,
  kOpaque,
  kTooMany,
  kAnonymous,
  kUnaddressable,
  kVolatile,
  kIncomplete,
  kFunctionPointer,
  kExtension,
  kElements,  // of an Array
  kArrayPointer,
  kDeleter,
  kFunctionObject,  // a comparator, hash or equality with state
  kAllocator,       // with state
  kVoidPointer,
  kNotDefault,
  kInheritedHook,
  kRestoresOther,
  kNoRestore,
  kQualified,
};

constexpr const char* advice(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNone:
      return "";
    case Refusal::kPointer:
      return "a raw pointer does not say who owns what it points to: use std::shared_ptr, "
             "std::unique_ptr, or manta::observer<T> for a link to something owned in the same "
             "value";
    case Refusal::kView:
      return "a view does not own its elements: use std::string, std::vector or manta::Array";
    case Refusal::kFunction:
      return "std::function hides what it holds: use manta::RemoteFunction<R(A...)>";
    case Refusal::kClosure:
      return "the captures of a lambda cannot be listed: use manta::capture(lambda, captured...) "
             "or "
             "a function object";
    case Refusal::kReferenceWrapper:
      return "a reference does not own what it refers to: hold the value or a std::shared_ptr";
    case Refusal::kLive:
      return "it stands for something that lives in this process only: give the class that holds "
             "it "
             "a manta_reduce(), register a serializer, or hold it in an actor";
    case Refusal::kLongDouble:
      return "long double differs between machines: use double";
    case Refusal::kSteadyClock:
      return "a steady_clock time means nothing in another process: send a duration or a "
             "system_clock time";
    case Refusal::kUnion:
      return "a union does not say which member it holds: use std::variant or manta_reduce()";
    case Refusal::kBases:
      return "the members of its bases would be lost: list them all in "
             "static constexpr auto manta_members()";
    case Refusal::kPrivate:
      return "it is no aggregate (private members, constructors or virtual functions): give it "
             "static constexpr auto manta_members() or a manta_reduce(), register a serializer, or "
             "hold it in an actor";
    case Refusal::kOpaque:
      return "its members cannot be counted (a reference, or a member that converts from "
             "anything): "
             "list them in static constexpr auto manta_members()";
    case Refusal::kTooMany:
      return "it has more than 64 members: list them in static constexpr auto manta_members()";
    case Refusal::kAnonymous:
      return "it has an anonymous union or struct, whose members cannot be told from its own: list "
             "those that count in static constexpr auto manta_members(), or give it a "
             "manta_reduce()";
    case Refusal::kUnaddressable:
      return "a bit field or packed member of it has no address that a reference may hold: give it "
             "a "
             "manta_reduce(), or, without bit fields, list its members in static constexpr auto "
             "manta_members()";
    case Refusal::kVolatile:
      return "a volatile member may change while it is read: remove the qualifier, or list the "
             "members in static constexpr auto manta_members()";
    case Refusal::kIncomplete:
      return "its class is only declared here: include the header that defines it";
    case Refusal::kFunctionPointer:
      return "a function or a pointer to a function or member means nothing in another process: "
             "use "
             "manta::RemoteFunction<R(A...)>";
    case Refusal::kExtension:
      return "it is an extension of the compiler: use a standard type (double, std::complex, "
             "std::array), or a manta_reduce() of the class that holds it";
    case Refusal::kElements:
      return "an array keeps its elements as plain bytes, so they must be trivially copyable, "
             "without "
             "pointers, manta_reduce() or serializer: use std::vector";
    case Refusal::kArrayPointer:
      return "a pointer to an array does not say how long it is: use std::vector or manta::Array";
    case Refusal::kDeleter:
      return "a unique_ptr with a deleter of its own cannot be rebuilt, because the object that is "
             "read "
             "comes from new, which that deleter may not take back: use std::default_delete or a "
             "std::shared_ptr, or give the class that holds it a manta_reduce()";
    case Refusal::kFunctionObject:
      return "a comparator, hash or equality with state travels with its container if it can be "
             "serialized: make it a struct with an operator() and such members, not a function "
             "pointer, std::function or capturing lambda";
    case Refusal::kAllocator:
      return "the state of this allocator would be lost: use std::allocator or std::pmr (which "
             "comes "
             "back with the default resource), or give it static constexpr auto manta_members()";
    case Refusal::kVoidPointer:
      return "a pointer to void does not say what it points to";
    case Refusal::kNotDefault:
      return "manta_members() fills a default-constructed, movable object: give it a default "
             "constructor or a manta_reduce()";
    case Refusal::kInheritedHook:
      return "its manta_ functions are inherited and would lose its own members: define them in "
             "the "
             "class itself";
    case Refusal::kRestoresOther:
      return "its manta_restore() returns another type: such a wrapper can be put, passed and "
             "returned; other values and parameters hold what it restores";
    case Refusal::kNoRestore:
      return "what its manta_reduce() returns does not make it again: give it a constructor with "
             "those parameters, or a static manta_restore() that takes them";
    case Refusal::kQualified:
      return "const, volatile and reference types cannot be made";
  }
  return "";
}

struct TypeNode {
  std::string_view name;
  Refusal refusal = Refusal::kNone;
  bool is_observer = false;  // or may lead to one that is not in the graph (polymorphic pointers)
  bool is_shared = false;    // shared or weak pointer
  const TypeNode* const* first_part =
      nullptr;  // not a span: reading it would need the parts themselves
  std::size_t part_count = 0;
  const std::string_view* member_names = nullptr;  // as many as parts, or null

  constexpr std::span<const TypeNode* const> parts() const { return {first_part, part_count}; }
};

template <class T>
constexpr TypeNode node_of() {
  if constexpr (requires { Codec<T>::node(); }) {
    return Codec<T>::node();
  } else {
    return {.name = kTypeName<T>};  // a codec that has no parts to show
  }
}

template <class T>
inline constexpr TypeNode type_node = node_of<T>();

// One for each owner: while a recursive type's node is made, nothing of it is complete but addresses.
template <class Owner, class Parts>
struct PartNodes;

template <class Owner, class... P>
struct PartNodes<Owner, Types<P...>> {
  static constexpr const TypeNode* nodes[] = {&type_node<P>..., nullptr};

  static constexpr void add_to(TypeNode& node) {
    node.first_part = nodes;
    node.part_count = sizeof...(P);
  }
};

template <class T, class Parts>
constexpr TypeNode make_node() {
  TypeNode node{.name = kTypeName<T>};
  PartNodes<T, Parts>::add_to(node);
  return node;
}

// Breadth first over all types reachable from a root, each once.
class TypeWalk {
 public:
  static constexpr std::size_t kMaxTypes = 512;  // a larger graph is not searched to its end

  constexpr explicit TypeWalk(const TypeNode& root) { add(root, kMaxTypes, 0); }

  // The index of the first visited node that `found` accepts; kMaxTypes if none does.
  template <class Found>
  constexpr std::size_t find(Found found) {
    for (std::size_t next = 0; next < count_; ++next) {
      if (found(*nodes_[next])) {
        return next;
      }
      const auto parts = nodes_[next]->parts();
      for (std::size_t i = 0; i < parts.size(); ++i) {
        add(*parts[i], next, i);
      }
    }
    return kMaxTypes;
  }

  constexpr const TypeNode& node(std::size_t index) const { return *nodes_[index]; }
  constexpr std::size_t parent(std::size_t index) const {
    return parents_[index];
  }  // kMaxTypes: root
  constexpr std::size_t part(std::size_t index) const {
    return parts_[index];
  }  // which of its parent

 private:
  constexpr void add(const TypeNode& node, std::size_t parent, std::size_t part) {
    for (std::size_t i = 0; i < count_; ++i) {
      if (nodes_[i]->name == node.name) {
        return;
      }
    }
    if (count_ < kMaxTypes) {
      nodes_[count_] = &node;
      parents_[count_] = parent;
      parts_[count_] = part;
      ++count_;
    }
  }

  const TypeNode* nodes_[kMaxTypes] = {};
  std::size_t parents_[kMaxTypes] = {};
  std::size_t parts_[kMaxTypes] = {};
  std::size_t count_ = 0;
};

// True: a value of T can be written and read.
template <class T>
inline constexpr bool serializable_v = TypeWalk(type_node<T>).find([](const TypeNode& node) {
  return node.refusal != Refusal::kNone;
}) == TypeWalk::kMaxTypes;

template <class T>
inline constexpr bool holds_observer =
    TypeWalk(type_node<T>).find([](const TypeNode& node) { return node.is_observer; }) !=
    TypeWalk::kMaxTypes;

template <class T>
inline constexpr bool holds_shared =
    TypeWalk(type_node<T>).find([](const TypeNode& node) { return node.is_shared; }) !=
    TypeWalk::kMaxTypes;

template <class T>
consteval bool is_serializable() {
  return serializable_v<T>;
}

}  // namespace manta::serialization
