// A walk over the tree of a value that writes opcodes. Mutable objects that pointers share are begun first and filled
// later; arrays, at the end, are written once for all that mention them.
#include "pickle.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "../../base/error.h"
#include "numpy_types.h"
#include "pickle_stream.h"
#include "python_keys.h"
#include "value_tree.h"

namespace manta {
namespace serialization {
namespace {

using Kind = TreeValue::Kind;

bool is_mutable(const TreeValue& value) {
  return value.kind == Kind::kStruct || value.kind == Kind::kList || value.kind == Kind::kMap ||
         (value.kind == Kind::kSet && value.node->unique);
}

class Pickler {
 public:
  Pickler(const ValueTree& tree, const EncodedView& view, PickleBuffers where)
      : tree_(tree),
        view_(view),
        where_(where),
        out_(memory_budget(view)),
        objects_(tree.objects.size()) {}

  Pickle run() && {
    // All objects first, which are empty; then what they hold: so neither long lists nor cycles recurse.
    for (std::size_t i = 0; i < objects_.size(); ++i) {
      if (is_mutable(tree_.objects[i])) {
        begin(tree_.objects[i]);
        objects_[i] = out_.memoize();
        out_.pop();
      }
    }
    for (std::size_t i = 0; i < objects_.size(); ++i) {
      if (is_mutable(tree_.objects[i])) {
        out_.get(*objects_[i]);
        fill(tree_.objects[i]);
        out_.pop();
      }
    }
    emit(tree_.root);
    pickle_.stream = Bytes(std::string_view(std::move(out_).finish()));
    return std::move(pickle_);
  }

 private:
  void emit(const TreeValue& value) {
    switch (value.kind) {
      case Kind::kNone:
        return out_.none();
      case Kind::kBool:
        return out_.boolean(value.flag);
      case Kind::kInteger:
        return out_.integer(value.bytes, value.flag);
      case Kind::kReal:
        return out_.real(value.real);
      case Kind::kComplex:
        return complex(value.real, value.imaginary);
      case Kind::kText:
        return out_.text(text_of(value));
      case Kind::kBytes:
        return out_.bytes(value.bytes);
      case Kind::kTuple:
        return tuple(value);
      case Kind::kArray:
        return array(value);
      case Kind::kObject:
        return object(value.number);
      case Kind::kList:
      case Kind::kSet:
      case Kind::kMap:
      case Kind::kStruct:
        begin(value);
        return fill(value);
    }
  }

  // Makes an empty object of the kind.
  void begin(const TreeValue& value) {
    switch (value.kind) {
      case Kind::kStruct:
        global(name_space_, "types", "SimpleNamespace");
        out_.empty_tuple();
        return out_.reduce();
      case Kind::kSet:
        return value.node->unique ? out_.empty_set() : out_.empty_list();
      case Kind::kMap:
        return value.node->unique ? out_.empty_dict() : out_.empty_list();
      default:
        return out_.empty_list();
    }
  }

  // Puts the items into what begin() made.
  void fill(const TreeValue& value) {
    switch (value.kind) {
      case Kind::kStruct:
        out_.empty_dict();
        out_.mark();
        for (std::size_t i = 0; i < value.items.size(); ++i) {
          out_.text(value.node->parts[i].name);
          emit(value.items[i]);
        }
        out_.set_items();
        return out_.build();
      case Kind::kMap:
        return value.node->unique ? dict_items(value) : pair_items(value);
      case Kind::kSet:
        return value.node->unique ? set_items(value) : list_items(value);
      default:
        return list_items(value);
    }
  }

  void set_items(const TreeValue& value) {
    out_.mark();
    set_keys(value);
    out_.add_items();
  }

  void set_keys(const TreeValue& value) {
    PythonKeys keys("set");
    for (const TreeValue& item : value.items) {
      hashable(item);
      keys.add(item);
    }
  }

  void dict_items(const TreeValue& value) {
    PythonKeys keys("map");
    out_.mark();
    for (std::size_t i = 0; i + 1 < value.items.size(); i += 2) {
      hashable(value.items[i]);
      keys.add(value.items[i]);
      emit(value.items[i + 1]);
    }
    out_.set_items();
  }

  void marked_items(const TreeValue& value) {
    out_.mark();
    for (const TreeValue& item : value.items) emit(item);
  }

  void list_items(const TreeValue& value) {
    marked_items(value);
    out_.appends();
  }

  void pair_items(const TreeValue& value) {
    out_.mark();
    for (std::size_t i = 0; i + 1 < value.items.size(); i += 2) {
      out_.mark();
      emit(value.items[i]);
      emit(value.items[i + 1]);
      out_.tuple();
    }
    out_.appends();
  }

  void tuple(const TreeValue& value) {
    marked_items(value);
    out_.tuple();
  }

  // Writes a value as an element of a set or a key of a dict: lists and structs become tuples.
  void hashable(const TreeValue& value) {
    switch (value.kind) {
      case Kind::kObject:
        throw SerializationError(
            "a set or map whose keys are or hold shared pointers cannot become Python's: its "
            "objects are not hashable");
      case Kind::kArray:
        return scalars_of(value);
      case Kind::kSet:
        if (!value.node->unique) return hashable_tuple(value);
        out_.mark();
        set_keys(value);
        return out_.frozen_set();
      case Kind::kList:
      case Kind::kTuple:
      case Kind::kStruct:
      case Kind::kMap:
        return hashable_tuple(value);
      default:
        return emit(value);
    }
  }

  void hashable_tuple(const TreeValue& value) {
    out_.mark();
    for (const TreeValue& item : value.items) hashable(item);
    out_.tuple();
  }

  // Writes an array as a tuple of its numbers.
  void scalars_of(const TreeValue& value) {
    const TypeTreeNode::Part& part = value.node->parts[0];
    const TypeTreeNode& element = (*value.types)[part.node];
    if (element.kind == TypeTreeNode::Kind::kStruct || !part.extents.empty() ||
        value.shape.size() != 1) {
      throw SerializationError(
          "a set or map whose keys hold arrays of structs cannot become Python's");
    }
    if (element.character) return out_.bytes(value.bytes);
    out_.mark();
    for (std::size_t at = 0; at < value.bytes.size(); at += element.size) {
      emit(scalar_value(element, value.bytes.subspan(at, element.size)));
    }
    out_.tuple();
  }

  void complex(double real, double imaginary) {
    global(complex_, "builtins", "complex");
    out_.mark();
    out_.real(real);
    out_.real(imaginary);
    out_.tuple();
    out_.reduce();
  }

  void object(std::uint32_t number) {
    std::optional<std::uint32_t>& memo = objects_[number];
    if (memo) return out_.get(*memo);
    const TreeValue& value = tree_.objects[number];
    if (depth_ > kMaxDepth) {
      throw SerializationError(
          "a cycle without a struct, list, set or map in it cannot be pickled");
    }
    ++depth_;
    emit(value);
    --depth_;
    memo = out_.memoize();
  }

  // ---- arrays

  void array(const TreeValue& value) {
    if (value.place == TreeValue::Place::kHere) return new_array(value);
    const auto [known, fresh] = arrays_.try_emplace(view_of(value));
    if (!fresh) return out_.get(known->second);
    new_array(value);
    known->second = out_.memoize();
  }

  // Mentions of an array's bytes are the same array if they see them in the same way.
  using Where = std::pair<TreeValue::Place, std::uint32_t>;
  using View = std::tuple<Where, TypeTreeNode::Kind, std::size_t, bool, const TypeTreeNode*,
                          std::vector<std::size_t>, std::vector<std::size_t>>;
  static View view_of(const TreeValue& value) {
    const TypeTreeNode::Part& part = value.node->parts[0];
    const TypeTreeNode& element = (*value.types)[part.node];
    const bool of_structs = element.kind == TypeTreeNode::Kind::kStruct;
    return {{value.place, value.number},     element.kind, element.size, element.character,
            of_structs ? &element : nullptr, part.extents, value.shape};
  }

  void new_array(const TreeValue& value) {
    const TypeTreeNode::Part& part = value.node->parts[0];
    const TypeTreeNode& element = (*value.types)[part.node];
    if (element.character && value.shape.size() == 1 && part.extents.empty()) return content(value);
    global(ndarray_, "numpy", "ndarray");
    out_.mark();
    out_.mark();
    for (const std::size_t extent : value.shape) out_.integer(extent);
    for (const std::size_t extent : outer_extents(element, part)) out_.integer(extent);
    out_.tuple();
    part_dtype(*value.types, part);
    content(value);
    out_.tuple();
    out_.reduce();
  }

  // Writes the bytes of an array, once for all arrays that see them.
  void content(const TreeValue& value) {
    if (value.place == TreeValue::Place::kHere) return out_.bytes(value.bytes);
    const auto [known, fresh] = contents_.try_emplace({value.place, value.number});
    if (!fresh) return out_.get(known->second);
    new_content(value);
    known->second = out_.memoize();
  }

  void new_content(const TreeValue& value) {
    if (where_ == PickleBuffers::in_band || value.place != TreeValue::Place::kBuffer) {
      return out_.bytes(value.bytes);
    }
    const Buffer& buffer = view_.buffers[value.number];
    pickle_.buffers.push_back(buffer.storage != nullptr
                                  ? BytesAccess::make(buffer.data, buffer.size, buffer.storage)
                                  : Bytes(std::span(buffer.data, buffer.size)));
    out_.next_buffer();
  }

  void part_dtype(const TypeTree& types, const TypeTreeNode::Part& part) {
    const TypeTreeNode& element = types[part.node];
    if (!is_text(element, part)) return dtype(types, element);
    out_.text((element.size == 1 ? "|S" : "<U") + std::to_string(part.extents.back()));
  }

  // The type of an element, as numpy has it: a text, or for a struct a dict.
  void dtype(const TypeTree& types, const TypeTreeNode& element) {
    if (element.kind == TypeTreeNode::Kind::kBfloat) {
      return global(bfloat16_, "ml_dtypes", "bfloat16");
    }
    if (element.kind != TypeTreeNode::Kind::kStruct) {
      return out_.text((element.size == 1 ? "|" : "<") + letter_and_size(element));
    }
    out_.empty_dict();
    out_.mark();
    out_.text("names");
    list_of(element.parts, [&](const auto& part) { out_.text(part.name); });
    out_.text("formats");
    list_of(element.parts, [&](const auto& part) { member_dtype(types, part); });
    out_.text("offsets");
    list_of(element.layout.offsets, [&](std::size_t offset) { out_.integer(offset); });
    out_.text("itemsize");
    out_.integer(element.layout.size);
    out_.set_items();
  }

  template <class Range, class EmitOne>
  void list_of(const Range& range, EmitOne emit_one) {
    out_.empty_list();
    out_.mark();
    for (const auto& one : range) emit_one(one);
    out_.appends();
  }

  void member_dtype(const TypeTree& types, const TypeTreeNode::Part& part) {
    const auto extents = outer_extents(types[part.node], part);
    if (extents.empty()) return part_dtype(types, part);
    out_.mark();
    part_dtype(types, part);
    out_.mark();
    for (const std::size_t extent : extents) out_.integer(extent);
    out_.tuple();
    out_.tuple();
  }

  void global(std::optional<std::uint32_t>& memo, std::string_view module, std::string_view name) {
    if (memo) return out_.get(*memo);
    out_.global(module, name);
    memo = out_.memoize();
  }

  const ValueTree& tree_;
  const EncodedView& view_;
  const PickleBuffers where_;
  PickleStream out_;
  Pickle pickle_;
  std::vector<std::optional<std::uint32_t>> objects_;  // the memos of objects
  std::map<View, std::uint32_t> arrays_;
  std::map<Where, std::uint32_t> contents_;
  std::optional<std::uint32_t> name_space_, complex_, ndarray_, bfloat16_;
  int depth_ = 0;
};

}  // namespace

Pickle pickle_of(const EncodedView& view, std::string_view type_text, PickleBuffers where) {
  const ValueTree tree = read_values(view, std::string(type_text));
  return Pickler(tree, view, where).run();
}

}  // namespace serialization

Pickle to_pickle_serialized(const Bytes& bytes, PickleBuffers where) {
  const serialization::ParsedBytes parsed(bytes);
  return serialization::pickle_of(parsed.view(), parsed.schema(), where);
}

}  // namespace manta
