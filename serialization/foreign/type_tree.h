// The canonical text of a type (type_text.h) as a tree: all that is needed to read its bytes without its C++ type.
//
// Nodes refer to each other by index; 0 is the root. A struct that contains itself refers to its own node.
// Threads: a TypeTree is immutable.   Errors: SerializationError for a text that no type has.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../../base/build_settings.h"

namespace manta::serialization {

// Where the members of a flat element lie, as compilers lay them out.
struct FlatLayout {
  bool flat = false;
  std::size_t size = 0;
  std::size_t alignment = 1;
  std::size_t packed = 0;  // the size without padding, as that of a packed struct
  std::size_t fields = 0;  // the number of fields of all depths: a short text can name very many
  std::vector<std::size_t> offsets = {};  // of a struct's members
};

struct TypeTreeNode {
  enum class Kind {
    kBool,
    kSigned,  // size: bytes; also what an enum is
    kUnsigned,
    kFloat,
    kBfloat,  // the upper half of a float
    kCharacter,
    kComplex,   // size: of both parts
    kString,    // size: of a character
    kSequence,  // parts: the element; size: of an element with padding, else 0
    kSet,       // parts: the key
    kMap,       // parts: key, value
    kTuple,
    kOptional,
    kVariant,
    kExpected,  // parts: value (kVoid: none), error
    kBits,      // size: how many
    kStruct,
    kReduced,  // parts: the state
    kWrapped,  // the same, after 8 bytes that name code
    kShared,   // parts: the pointee; none if only its `name` is known
    kWeak,
    kObserver,
    kOwn,
    kWith,  // parts: what a container holds beside its elements (container_state.h), the container
    kVoid,
    kOpaque,  // references, functions, types serialized at run time: `name` says what
  };
  struct Part {
    std::uint32_t node = 0;
    std::string_view name = {};  // of a member
    // Of a member or element that is an array, outermost first.
    std::vector<std::size_t> extents = {};
    std::size_t count() const;  // their product
  };

  Kind kind = Kind::kOpaque;
  std::string_view name = {};
  std::size_t size = 0;
  bool unique = true;        // of a set or map
  bool character = false;    // of a number: whether it is a byte of text or data ("enum byte")
  bool each = false;         // of a sequence: whether its structs stand one by one
  bool polymorphic = false;  // of a pointer: whether what it leads to is
  bool settled = false;      // of a set or map: whether what its keys point to stands behind them
  std::vector<Part> parts = {};
  FlatLayout layout = {};
};

class TypeTree {
 public:
  explicit TypeTree(std::string text);
  TypeTree(const TypeTree&) = delete;

  const TypeTreeNode& root() const { return nodes_.front(); }
  const TypeTreeNode& operator[](std::uint32_t node) const { return nodes_[node]; }
  // That of the whole array, if the part is one.
  FlatLayout layout(const TypeTreeNode::Part& part) const;

 private:
  friend class TypeTextParser;
  const std::string text_;  // the names of nodes point into it
  std::vector<TypeTreeNode> nodes_;
};

}  // namespace manta::serialization
