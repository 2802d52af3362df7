// How numpy names the types of a type tree (type_tree.h), in its array interface:
// numpy.org/doc/stable/reference/arrays.interface.html.
//
// Threads: pure functions.
#pragma once
#include <cstddef>
#include <span>
#include <string>

#include "type_tree.h"

namespace manta::serialization {

// Of an element that is a number: "f8", "?".
inline std::string letter_and_size(const TypeTreeNode& node) {
  const auto with = [&](char kind) { return std::string(1, kind) + std::to_string(node.size); };
  switch (node.kind) {
    case TypeTreeNode::Kind::kBool:
      return "?";
    case TypeTreeNode::Kind::kFloat:
      return with('f');
    case TypeTreeNode::Kind::kComplex:
      return with('c');
    case TypeTreeNode::Kind::kSigned:
      return with(node.size > 8 ? 'V' : 'i');
    default:
      return with(node.size > 8 ? 'V' : 'u');
  }
}

// Characters of 8 or 32 bits in a row are one text of numpy's, whose length is in its type.
inline bool is_text(const TypeTreeNode& element, const TypeTreeNode::Part& part) {
  return element.kind == TypeTreeNode::Kind::kCharacter && element.size != 2 &&
         !part.extents.empty();
}
inline std::span<const std::size_t> outer_extents(const TypeTreeNode& element,
                                                  const TypeTreeNode::Part& part) {
  const std::span<const std::size_t> all(part.extents);
  return is_text(element, part) ? all.first(all.size() - 1) : all;
}

}  // namespace manta::serialization
