// A value as a tree, read from its bytes by the text of its type, to be written in other formats (pickle.h).
//
//   EncodedView + TypeTree --read_values()--> ValueTree { root, objects }
//
// Objects that pointers share stand in `objects`, each once; a kObject mentions one of them.
// Invariant: bytes and names point into what the tree was read from, and into its types.
// Threads: confined.   Errors: SerializationError for malformed bytes, and for a type whose content is not known.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "../stream/encoded.h"
#include "type_tree.h"

namespace manta::serialization {

struct TreeValue {
  enum class Kind {
    kNone,
    kBool,
    kInteger,  // its bytes: little-endian, two's complement
    kReal,
    kComplex,  // real and imaginary
    kText,     // its bytes: UTF-8
    kBytes,
    kList,
    kTuple,
    kSet,
    kMap,     // items: key, value, key, value, ...
    kStruct,  // items: the members; node: their names
    kArray,   // of flat elements: node (of the element), shape, bytes
    kObject,  // number
  };
  // Where the bytes of an array are; the same one may be mentioned again.
  enum class Place { kHere, kInline, kBuffer };

  Kind kind = Kind::kNone;
  bool flag = false;  // the value of a kBool; of a kInteger whether it is signed
  double real = 0, imaginary = 0;
  std::uint32_t number = 0;  // of an object, an in-line array, a buffer
  Place place = Place::kHere;
  std::span<const std::byte> bytes = {};
  std::string text = {};  // instead of the bytes, if these had to be made
  const TypeTree* types = nullptr;
  const TypeTreeNode* node = nullptr;
  std::vector<std::size_t> shape = {};
  std::vector<TreeValue> items = {};
};

struct ValueTree {
  TreeValue root;
  std::vector<TreeValue> objects;  // a kNone where only weak pointers lead to the object
  std::map<std::uint64_t, std::unique_ptr<TypeTree>> types;  // by fingerprint
};

ValueTree read_values(const EncodedView& view, std::string type_text);

// A number, bool, character or complex that stands by itself.
TreeValue scalar_value(const TypeTreeNode& node, std::span<const std::byte> bytes);

}  // namespace manta::serialization
