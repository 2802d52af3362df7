// What a type is made of, as constants: each type is a node with the types of its parts. Because types may
// be recursive, questions about a type are walks over the graph, at compile time or at run time
// (inspect_serializability).
//
// Threads: constants.
#pragma once
#include <cstddef>
#include <span>
#include <string_view>

#include "reflect.h"
#include "refusals.h"

namespace manta::serialization {

template <class T>
struct Codec;

// A type of the graph.
struct TypeNode {
  std::string_view name;
  Refusal refusal = Refusal::kNone;
  // Or a polymorphic pointer, which may lead to one that is not in the graph.
  bool is_observer = false;
  bool is_shared = false;  // a shared or weak pointer
  // Not a span, because to read that would need the parts themselves.
  const TypeNode* const* first_part = nullptr;
  std::size_t part_count = 0;
  const std::string_view* member_names = nullptr;  // as many as parts, or null

  constexpr std::span<const TypeNode* const> parts() const { return {first_part, part_count}; }
};

template <class T>
constexpr TypeNode node_of() {
  if constexpr (requires { Codec<T>::node(); }) {
    return Codec<T>::node();
  } else {
    return {.name = kTypeName<T>};  // its codec has no parts to show
  }
}

template <class T>
inline constexpr TypeNode type_node = node_of<T>();

// One for each owner. While the node of a recursive type is made, only addresses of its nodes are complete.
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
  // The index of its parent, kMaxTypes for the root; and which of the parent's parts it is.
  constexpr std::size_t parent(std::size_t index) const { return parents_[index]; }
  constexpr std::size_t part(std::size_t index) const { return parts_[index]; }

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

// Whether a value of T can be written and read.
template <class T>
inline constexpr bool is_serializable = TypeWalk(type_node<T>).find([](const TypeNode& node) {
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

}  // namespace manta::serialization
