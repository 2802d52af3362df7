// One function for each kind of node, in the order of read_kind(); then pointers, whose rules are those of
// codec/pointer.h: mention(), the queue of bodies, and values that are settled at once.
#include "value_tree.h"

#include <deque>
#include <utility>

#include "../../base/error.h"
#include "../codec/sequence.h"
#include "../stream/reader.h"
#include "../types/type_text.h"
#include "utf8.h"

namespace manta::serialization {
namespace {

using TypeKind = TypeTreeNode::Kind;
using Part = TypeTreeNode::Part;

class ValueReader {
 public:
  ValueReader(const EncodedView& view, ValueTree& tree) : reader_(view), tree_(tree) {}

  TreeValue read(const TypeTree& types, const TypeTreeNode& node) {
    const Reader::Nested nested(reader_);
    reader_.charge(sizeof(TreeValue));
    TreeValue value = read_kind(types, node);
    value.types = &types;
    if (value.node == nullptr) value.node = &node;
    return value;
  }

  // Reads what the objects hold, in the order in which shared pointers met them.
  void drain() {
    while (!queue_.empty()) {
      const std::uint32_t number = queue_.front();
      queue_.pop_front();
      read_body(number);
    }
    if (reader_.remaining() != 0) Reader::fail("there are bytes after the value");
  }

 private:
  struct Met {
    const TypeTree* types = nullptr;
    const TypeTreeNode* node = nullptr;  // the type of the object
    bool queued = false;
  };

  TreeValue read_kind(const TypeTree& types, const TypeTreeNode& node) {
    switch (node.kind) {
      case TypeKind::kBool:
        return {.kind = TreeValue::Kind::kBool, .flag = reader_.boolean()};
      case TypeKind::kSigned:
      case TypeKind::kUnsigned:
      case TypeKind::kFloat:
      case TypeKind::kBfloat:
      case TypeKind::kCharacter:
      case TypeKind::kComplex:
        return scalar_value(node, {reader_.raw(node.size), node.size});
      case TypeKind::kString:
        return string(node);
      case TypeKind::kSequence:
        return sequence(types, node);
      case TypeKind::kSet:
      case TypeKind::kMap:
        return keyed(types, node);
      case TypeKind::kTuple:
        return tuple(types, node);
      case TypeKind::kStruct:
        return structure(types, node);
      case TypeKind::kReduced:
        return settled(types, node);
      case TypeKind::kWrapped:
        reader_.raw(sizeof(std::int64_t));
        return settled(types, node);
      case TypeKind::kOptional:
        return reader_.boolean() ? read(types, types[node.parts[0].node]) : TreeValue();
      case TypeKind::kVariant:
        return alternative(types, node);
      case TypeKind::kExpected:
        return expected(types, node);
      case TypeKind::kBits: {
        const std::size_t size = node.size / 8 + 1;
        return {.kind = TreeValue::Kind::kInteger, .bytes = {reader_.raw(size), size}};
      }
      case TypeKind::kShared:
      case TypeKind::kWeak:
      case TypeKind::kObserver:
        return mention(types, node);
      case TypeKind::kOwn:
        return owned(types, node);
      case TypeKind::kWith:
        return container(types, node);
      case TypeKind::kVoid:
        return {};
      case TypeKind::kOpaque:
        break;
    }
    throw SerializationError("the content of \"" + std::string(node.name) +
                             "\" is known only to the program that has it");
  }

  TreeValue string(const TypeTreeNode& node) {
    const std::uint64_t first = reader_.varint();
    std::size_t size = 0;
    if (__builtin_mul_overflow(static_cast<std::size_t>(first / 2), node.size, &size)) {
      Reader::fail("a string is longer than memory");
    }
    const std::byte* data =
        (first & 1) == 0 ? reader_.raw(size) : reader_.buffer(reader_.varint(), size).data;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    reader_.charge(node.size > 1 ? 2 * size : size);
    if (node.size > 1) {
      return {.kind = TreeValue::Kind::kText, .text = to_utf8({data, size}, node.size)};
    }
    return {.kind = is_utf8(text) ? TreeValue::Kind::kText : TreeValue::Kind::kBytes,
            .bytes = {data, size}};
  }

  TreeValue sequence(const TypeTree& types, const TypeTreeNode& node) {
    const Part& element = node.parts[0];
    const FlatLayout layout = types.layout(element);
    if (!layout.flat || node.each) return elements(types, types[element.node]);
    reader_.charge(sizeof(TreeValue) * layout.fields);
    if (layout.size != (node.size != 0 ? node.size : layout.packed)) {
      throw SerializationError("a struct of an unusual layout cannot be taken apart");
    }
    const Extents extents = read_extents(reader_);
    std::size_t size = 0;
    if (__builtin_mul_overflow(extents.elements(), layout.size, &size)) {
      Reader::fail("an array is longer than memory");
    }
    TreeValue array{.kind = TreeValue::Kind::kArray};
    array.node = &node;
    array.shape.assign(extents.shape().begin(), extents.shape().end());
    payload(array, size);
    return array;
  }

  // The bytes of the tree lie in the stream or in a buffer, never in the copies that a reader makes of in-line arrays.
  void payload(TreeValue& array, std::size_t size) {
    const Reader::Payload payload = reader_.payload(size);
    array.bytes = {payload.data, size};
    if (payload.kind == 0) return;
    const std::uint64_t number = payload.kind / 2 - 1;
    array.number = static_cast<std::uint32_t>(number);
    array.place = TreeValue::Place::kBuffer;
    if (payload.kind % 2 == 1) {
      array.place = TreeValue::Place::kInline;
      array.bytes = {reader_.inline_array_start(static_cast<std::size_t>(number)), size};
    }
  }

  TreeValue elements(const TypeTree& types, const TypeTreeNode& element) {
    TreeValue list{.kind = TreeValue::Kind::kList};
    const std::size_t count = read_extent(reader_);
    if (count > reader_.remaining()) Reader::fail("a sequence is longer than its bytes");
    for (std::size_t i = 0; i < count; ++i) list.items.push_back(read(types, element));
    return list;
  }

  TreeValue keyed(const TypeTree& types, const TypeTreeNode& node) {
    TreeValue keyed{.kind = node.kind == TypeKind::kMap ? TreeValue::Kind::kMap
                                                        : TreeValue::Kind::kSet};
    const TypeTreeNode& key = types[node.parts[0].node];
    const bool by_address = key.kind == TypeKind::kShared && !node.settled;
    const std::size_t count = reader_.count();
    for (std::size_t i = 0; i < count; ++i) {
      keyed.items.push_back(by_address ? read(types, key) : read_settled(types, key));
      if (node.kind == TypeKind::kMap) {
        keyed.items.push_back(read(types, types[node.parts[1].node]));
      }
    }
    return keyed;
  }

  // The container alone, without its comparator, hash or allocator.
  TreeValue container(const TypeTree& types, const TypeTreeNode& node) {
    for (std::size_t i = 0; i + 1 < node.parts.size(); ++i) {
      read_settled(types, types[node.parts[i].node]);
    }
    return read(types, types[node.parts.back().node]);
  }

  TreeValue tuple(const TypeTree& types, const TypeTreeNode& node) {
    TreeValue tuple{.kind = TreeValue::Kind::kTuple};
    if (node.parts.empty()) reader_.raw(1);
    for (const Part& part : node.parts) tuple.items.push_back(read(types, types[part.node]));
    return tuple;
  }

  TreeValue structure(const TypeTree& types, const TypeTreeNode& node) {
    TreeValue value{.kind = TreeValue::Kind::kStruct};
    if (node.parts.empty()) reader_.raw(1);
    for (const Part& part : node.parts) value.items.push_back(member(types, part, 0));
    return value;
  }

  // An array member has no count.
  TreeValue member(const TypeTree& types, const Part& part, std::size_t dimension) {
    if (dimension == part.extents.size()) return read(types, types[part.node]);
    reader_.charge(sizeof(TreeValue));
    TreeValue list{.kind = TreeValue::Kind::kList};
    for (std::size_t i = 0; i < part.extents[dimension]; ++i) {
      list.items.push_back(member(types, part, dimension + 1));
    }
    return list;
  }

  TreeValue alternative(const TypeTree& types, const TypeTreeNode& node) {
    const std::uint64_t index = reader_.varint();
    if (index >= node.parts.size()) Reader::fail("a variant has no alternative of that index");
    return read(types, types[node.parts[static_cast<std::size_t>(index)].node]);
  }

  // An error is put into a tuple of its own, so that it is not taken for a value.
  TreeValue expected(const TypeTree& types, const TypeTreeNode& node) {
    const bool holds = reader_.boolean();
    TreeValue value = read(types, types[node.parts[holds ? 0 : 1].node]);
    if (holds) return value;
    TreeValue error{.kind = TreeValue::Kind::kTuple};
    error.items.push_back(std::move(value));
    return error;
  }

  // ---- pointers

  TreeValue settled(const TypeTree& types, const TypeTreeNode& node) {
    return read_settled(types, types[node.parts[0].node]);
  }

  // The objects to which the value leads stand directly behind it.
  TreeValue read_settled(const TypeTree& types, const TypeTreeNode& node) {
    std::vector<std::uint32_t> work;
    auto* const before = std::exchange(settled_, &work);
    TreeValue value = read(types, node);
    for (std::size_t i = 0; i < work.size(); ++i) {
      if (met_[work[i]].queued) read_body(work[i]);
    }
    settled_ = before;
    return value;
  }

  const TypeTree& other_types(const std::string* text) {
    if (text == nullptr) {
      throw SerializationError(
          "a pointer leads to an object of a type that this program does not know");
    }
    auto& types = tree_.types[hash_text(*text)];
    if (types == nullptr) types = std::make_unique<TypeTree>(*text);
    return *types;
  }

  Met pointee(const TypeTree& types, const TypeTreeNode& pointer, bool derived,
              std::uint64_t fingerprint) {
    if (derived || pointer.parts.empty()) {
      const TypeTree& other =
          other_types(derived ? known_text(fingerprint) : known_struct_text(pointer.name));
      return {&other, &other.root()};
    }
    return {&types, &types[pointer.parts[0].node]};
  }

  TreeValue mention(const TypeTree& types, const TypeTreeNode& pointer) {
    const std::uint64_t mentioned = reader_.varint();
    if (mentioned == 0) {
      return {};
    }
    if (mentioned > met_.size() + 1 || mentioned > reader_.tracked_objects()) {
      Reader::fail("a pointer mentions an object that does not exist");
    }
    const auto number = static_cast<std::uint32_t>(mentioned - 1);
    if (number == met_.size()) {
      const bool derived = pointer.polymorphic && reader_.boolean();
      met_.push_back(
          pointee(types, pointer, derived, derived ? reader_.fixed<std::uint64_t>() : 0));
      done_.push_back(false);
      tree_.objects.emplace_back();
    }
    Met& met = met_[number];
    if (pointer.kind == TypeKind::kShared && !met.queued) {
      met.queued = true;
      if (settled_ == nullptr) queue_.push_back(number);
    }
    if (settled_ != nullptr && !done_[number]) settled_->push_back(number);
    return {.kind = TreeValue::Kind::kObject, .number = number};
  }

  void read_body(std::uint32_t number) {
    if (done_[number]) return;
    done_[number] = true;
    TreeValue body = read(*met_[number].types, *met_[number].node);
    tree_.objects[number] = std::move(body);
  }

  // The byte in front says what follows: std/pointers.h has the list.
  TreeValue owned(const TypeTree& types, const TypeTreeNode& pointer) {
    const auto kind = reader_.fixed<std::uint8_t>();
    if (kind == 0) {
      return {};
    }
    if (kind > 3) Reader::fail("a unique pointer is of no known kind");
    if (kind == 3) {
      TreeValue mentioned = mention(types, pointer);
      if (mentioned.kind != TreeValue::Kind::kObject) {
        Reader::fail("a unique pointer leads nowhere");
      }
      read_body(mentioned.number);
      return mentioned;
    }
    const Met met =
        pointee(types, pointer, kind == 2, kind == 2 ? reader_.fixed<std::uint64_t>() : 0);
    return read(*met.types, *met.node);
  }

  Reader reader_;
  ValueTree& tree_;
  std::vector<Met> met_;
  std::vector<bool> done_;
  std::deque<std::uint32_t> queue_;
  std::vector<std::uint32_t>* settled_ = nullptr;
};

}  // namespace

TreeValue scalar_value(const TypeTreeNode& node, std::span<const std::byte> bytes) {
  const auto real = [](std::span<const std::byte> part) -> double {
    switch (part.size()) {
      case sizeof(float16):
        return load_flat<float16>(part.data());
      case sizeof(float):
        return load_flat<float>(part.data());
      default:
        return load_flat<double>(part.data());
    }
  };
  if (node.kind == TypeKind::kFloat) {
    return {.kind = TreeValue::Kind::kReal, .real = real(bytes)};
  }
  if (node.kind == TypeKind::kBfloat) {
    return {.kind = TreeValue::Kind::kReal, .real = load_flat<bfloat16>(bytes.data())};
  }
  if (node.kind == TypeKind::kComplex) {
    return {.kind = TreeValue::Kind::kComplex,
            .real = real(bytes.first(bytes.size() / 2)),
            .imaginary = real(bytes.last(bytes.size() / 2))};
  }
  if (node.kind == TypeKind::kBool) {
    return {.kind = TreeValue::Kind::kBool, .flag = bytes[0] != std::byte{0}};
  }
  if (node.kind == TypeKind::kCharacter && (bytes.size() > 1 || bytes[0] < std::byte{0x80})) {
    return {.kind = TreeValue::Kind::kText, .text = to_utf8(bytes, bytes.size())};
  }
  return {
      .kind = TreeValue::Kind::kInteger, .flag = node.kind == TypeKind::kSigned, .bytes = bytes};
}

ValueTree read_values(const EncodedView& view, std::string type_text) {
  ValueTree tree;
  const std::uint64_t fingerprint = hash_text(type_text);
  auto& types = tree.types[fingerprint];
  types = std::make_unique<TypeTree>(std::move(type_text));
  ValueReader reader(view, tree);
  tree.root = reader.read(*types, types->root());
  reader.drain();
  return tree;
}

}  // namespace manta::serialization
