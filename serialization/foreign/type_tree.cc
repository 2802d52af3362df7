// The words of the grammar as two tables, the layout that compilers give to flat structs, and a parser by recursive
// descent, which follows the grammar of docs/wire.md from one_type() on.
#include "type_tree.h"

#include <algorithm>
#include <charconv>

#include "../../base/error.h"
#include "../stream/encoded.h"

namespace manta::serialization {

using Kind = TypeTreeNode::Kind;

namespace {

constexpr std::size_t kMostExtents = 32;

struct Number {
  std::string_view text;
  Kind kind;
  std::size_t size;
};
constexpr Number kNumbers[] = {
    {"bool", Kind::kBool, 1},         {"u8", Kind::kUnsigned, 1},
    {"u16", Kind::kUnsigned, 2},      {"u32", Kind::kUnsigned, 4},
    {"u64", Kind::kUnsigned, 8},      {"u128", Kind::kUnsigned, 16},
    {"i8", Kind::kSigned, 1},         {"i16", Kind::kSigned, 2},
    {"i32", Kind::kSigned, 4},        {"i64", Kind::kSigned, 8},
    {"i128", Kind::kSigned, 16},      {"f32", Kind::kFloat, 4},
    {"f64", Kind::kFloat, 8},         {"f16", Kind::kFloat, 2},
    {"bf16", Kind::kBfloat, 2},       {"char", Kind::kCharacter, 1},
    {"char8", Kind::kCharacter, 1},   {"char16", Kind::kCharacter, 2},
    {"char32", Kind::kCharacter, 4},  {"wchar16", Kind::kCharacter, 2},
    {"wchar32", Kind::kCharacter, 4}, {"void", Kind::kVoid, 0},
    {"ref", Kind::kOpaque, 0},        {"actor", Kind::kOpaque, 0},
};

struct Composite {
  std::string_view word;
  Kind kind;
  std::string_view separators;  // between the parts
  std::size_t parts;            // how many; 0: any
  bool unique;
};
constexpr Composite kComposites[] = {
    {"seq", Kind::kSequence, "", 1, true},
    {"set", Kind::kSet, "", 1, true},
    {"multiset", Kind::kSet, "", 1, false},
    {"map", Kind::kMap, ",", 2, true},
    {"multimap", Kind::kMap, ",", 2, false},
    {"tup", Kind::kTuple, ",", 0, true},
    {"opt", Kind::kOptional, "", 1, true},
    {"one", Kind::kVariant, "|", 0, true},
    {"expected", Kind::kExpected, "|", 2, true},
    {"complex", Kind::kComplex, "", 1, true},
    {"str", Kind::kString, "", 1, true},
    {"ptr", Kind::kShared, "", 1, true},
    {"weak", Kind::kWeak, "", 1, true},
    {"observer", Kind::kObserver, "", 1, true},
    {"own", Kind::kOwn, "", 1, true},
    {"with", Kind::kWith, ",", 0, true},
};

bool is_pointer(Kind kind) {
  return kind == Kind::kShared || kind == Kind::kWeak || kind == Kind::kObserver ||
         kind == Kind::kOwn;
}

[[noreturn]] void too_long() {
  throw SerializationError("the text of a type has an array that is longer than memory");
}

// Of an array as a whole. The text comes from outside, and its extents multiply: 2^48 bytes are more than any memory.
FlatLayout layout_of(const std::vector<TypeTreeNode>& nodes, const TypeTreeNode::Part& part) {
  FlatLayout layout = nodes[part.node].layout;
  if (__builtin_mul_overflow(layout.size, part.count(), &layout.size) || layout.size >> 48 != 0) {
    too_long();
  }
  layout.packed *= part.count();
  layout.flat = layout.flat && layout.size != 0;
  return layout;
}

constexpr std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }

// The layout of a node whose parts are known; a struct inside itself is not flat.
FlatLayout layout_of(const std::vector<TypeTreeNode>& nodes, const TypeTreeNode& node) {
  switch (node.kind) {
    case Kind::kBool:
    case Kind::kSigned:
    case Kind::kUnsigned:
    case Kind::kFloat:
    case Kind::kBfloat:
    case Kind::kCharacter:
      return {.flat = true,
              .size = node.size,
              .alignment = node.size,
              .packed = node.size,
              .fields = 1};
    case Kind::kComplex:
      return {.flat = node.size != 0,
              .size = node.size,
              .alignment = std::max<std::size_t>(node.size / 2, 1),
              .packed = node.size,
              .fields = 1};
    case Kind::kStruct:
      break;
    default:
      return {};
  }
  FlatLayout all{.flat = !node.parts.empty(), .fields = 1};
  for (const auto& part : node.parts) {
    const FlatLayout one = layout_of(nodes, part);
    if (!one.flat) {
      return {};
    }
    all.alignment = std::max(all.alignment, one.alignment);
    all.offsets.push_back(round_up(all.size, one.alignment));
    all.size = all.offsets.back() + one.size;
    all.packed += one.packed;
    all.fields += one.fields;
  }
  all.size = round_up(all.size, all.alignment);
  return all;
}

}  // namespace

std::size_t TypeTreeNode::Part::count() const {
  std::size_t product = 1;
  for (const std::size_t extent : extents) {
    if (__builtin_mul_overflow(product, extent, &product)) {
      too_long();
    }
  }
  return product;
}

class TypeTextParser {
 public:
  TypeTextParser(std::string_view text, std::vector<TypeTreeNode>& nodes)
      : text_(text), nodes_(nodes) {}

  void parse() {
    type();
    if (at_ != text_.size()) {
      fail();
    }
  }

 private:
  [[noreturn]] void fail() const {
    throw SerializationError("the text of a type cannot be understood at character " +
                             std::to_string(at_) + ": " + std::string(text_.substr(0, 200)));
  }
  // Where it stands next it is passed over; else nothing is.
  bool take(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) {
      return false;
    }
    at_ += token.size();
    return true;
  }
  void expect(std::string_view token) {
    if (!take(token)) {
      fail();
    }
  }
  std::string_view until(std::string_view ends) {
    const std::size_t end = std::min(text_.find_first_of(ends, at_), text_.size());
    const auto part = text_.substr(at_, end - at_);
    at_ = end;
    return part;
  }
  std::size_t number() {
    std::size_t value = 0;
    const char* const end = text_.data() + text_.size();
    const auto [next, error] = std::from_chars(text_.data() + at_, end, value);
    if (error != std::errc()) {
      fail();
    }
    at_ = static_cast<std::size_t>(next - text_.data());
    return value;
  }

  // A node's parts come after it in the list, so that its layout is found again when they are known.
  std::uint32_t add(TypeTreeNode node) {
    node.layout = layout_of(nodes_, node);
    nodes_.push_back(std::move(node));
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }

  // Bounded, because the text may be that of an attacker: the parser recurses.
  std::uint32_t type() {
    if (++depth_ > kMaxDepth) {
      fail();
    }
    const std::uint32_t made = one_type();
    --depth_;
    return made;
  }

  // "^n" is the nth struct that has begun: so a struct can contain itself. The prefixes come before the words.
  std::uint32_t one_type() {
    if (take("^")) {
      const std::size_t which = number();
      if (which >= structs_.size()) {
        fail();
      }
      return structs_[which];
    }
    if (take("enum ")) {
      const auto name = until(":");
      expect(":");
      const std::uint32_t made = type();
      nodes_[made].character = name == "byte";
      return made;
    }
    if (take("struct ")) {
      return structure(Kind::kStruct);
    }
    if (take("reduced ")) {
      return structure(Kind::kReduced);
    }
    if (take("wrapped ")) {
      return structure(Kind::kWrapped);
    }
    if (take("raw ")) {
      return add({.kind = Kind::kOpaque, .name = until("<>{}|,:[]^")});
    }
    if (take("dynamic ") || take("function ")) {
      return add({.kind = Kind::kOpaque, .name = text_.substr(0, 100)});
    }
    const std::size_t begin = at_;
    const auto word = until("<>{}|,:[]^");
    if (text_.substr(at_).starts_with("<")) {
      return composite(word);
    }
    if (word == "str8") {
      return add({.kind = Kind::kString, .size = 1});
    }
    if (word.starts_with("bits")) {
      at_ = begin + 4;
      return add({.kind = Kind::kBits, .size = number()});
    }
    for (const Number& known : kNumbers) {
      if (known.text == word) {
        return add({.kind = known.kind, .name = word, .size = known.size});
      }
    }
    at_ = begin;
    fail();
  }

  // The "{" has not been read yet. Only the parts of a kStruct have names.
  std::uint32_t structure(Kind kind) {
    const auto name = until("{");
    expect("{");
    const std::uint32_t made = add({.kind = kind, .name = name});
    structs_.push_back(made);
    for (bool first = true; !take("}"); first = false) {
      if (!first) {
        expect(",");
      }
      TypeTreeNode::Part part;
      if (kind == Kind::kStruct) {
        part.name = until(":");
        expect(":");
      }
      element(part);
      nodes_[made].parts.push_back(std::move(part));
    }
    if (kind != Kind::kStruct && nodes_[made].parts.size() != 1) {
      fail();
    }
    if (kind == Kind::kStruct) {
      nodes_[made].layout = layout_of(nodes_, nodes_[made]);
    }
    return made;
  }

  // A type, and the extents of an array of it: the innermost comes first in the text.
  void element(TypeTreeNode::Part& part) {
    part.node = type();
    while (take("[")) {
      part.extents.insert(part.extents.begin(), number());
      expect("]");
      if (part.extents.size() > kMostExtents) {
        fail();
      }
    }
  }

  // A word of kComposites with its parts in <>; any other word must be a clock's. Of a polymorphic pointer ("any ")
  // only the name of the base may be known.
  std::uint32_t composite(std::string_view word) {
    expect("<");
    const auto* known = std::find_if(std::begin(kComposites), std::end(kComposites),
                                     [&](const Composite& one) { return one.word == word; });
    if (known == std::end(kComposites)) {
      return of_a_clock(word);
    }
    const std::uint32_t made = add({.kind = known->kind, .unique = known->unique});
    nodes_[made].polymorphic = is_pointer(known->kind) && take("any ");
    if (nodes_[made].polymorphic && !begins_type()) {
      nodes_[made].name = until(">");
    } else {
      parts(made, known->separators);
      const std::size_t count = nodes_[made].parts.size();
      if ((known->parts != 0 && count != known->parts) ||
          (known->kind == Kind::kWith && count < 2)) {
        fail();
      }
    }
    expect(">");
    if (known->kind == Kind::kComplex || known->kind == Kind::kString) {
      const TypeTreeNode& number = nodes_[nodes_[made].parts[0].node];
      const Kind wanted = known->kind == Kind::kComplex ? Kind::kFloat : Kind::kCharacter;
      if (number.kind != wanted) {
        fail();
      }
      const std::size_t part = number.size;
      nodes_[made].size = known->kind == Kind::kComplex ? 2 * part : part;
      nodes_[made].layout = layout_of(nodes_, nodes_[made]);
    }
    return made;
  }

  // False if only the name of a type follows.
  bool begins_type() const {
    const auto rest = text_.substr(at_);
    return rest.starts_with("struct ") || rest.starts_with("reduced ") || rest.starts_with("^");
  }

  // What may stand before a part (of `with`) and behind one (of a sequence, a set, a map) is kept in the node.
  void parts(std::uint32_t made, std::string_view separators) {
    if (text_.substr(at_).starts_with(">")) {
      return;  // tup<>
    }
    do {
      if (nodes_[made].kind == Kind::kWith) {
        take("less ") || take("hash ") || take("equal ") || take("memory ");
      }
      TypeTreeNode::Part part;
      element(part);
      nodes_[made].parts.push_back(std::move(part));
      if (take(":each")) {
        nodes_[made].each = true;
      } else if (take(":settled")) {
        nodes_[made].settled = true;
      } else if (take(":")) {
        nodes_[made].size = number();
      }
    } while (!separators.empty() && take(separators));
  }

  // "duration<i64,1/1000>" is the number of its ticks; "system_clock<duration<...>>" is its duration.
  std::uint32_t of_a_clock(std::string_view word) {
    const std::uint32_t made = type();
    if (word == "duration") {
      expect(",");
      number();
      expect("/");
      number();
    }
    expect(">");
    return made;
  }

  std::string_view text_;
  std::vector<TypeTreeNode>& nodes_;
  std::vector<std::uint32_t> structs_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

TypeTree::TypeTree(std::string text) : text_(std::move(text)) {
  TypeTextParser(text_, nodes_).parse();
}

FlatLayout TypeTree::layout(const TypeTreeNode::Part& part) const {
  return layout_of(nodes_, part);
}

}  // namespace manta::serialization
