// Whether two types of elements match, from numbers to structs; then the shapes around them.
#include "npy_layout.h"

#include <algorithm>
#include <cfloat>

#include "../../base/error.h"

namespace manta::detail {
namespace {

using Shape = std::vector<std::size_t>;

bool is_byte(const NpyType& type) {
  return type.size == 1 && (type.kind == 'i' || type.kind == 'u' || type.kind == 'S');
}

// Whether an element of the file is one of the array, as it is or as the beginning of it.
bool is_same(const NpyType& file, const NpyType& ours) {
  if (file.order == '>' || file.kind == 'O') return false;
  const bool raw = file.kind == 'V' || (file.kind == 'f' && file.size == 1);
  if (raw && !file.is_struct) {  // raw bytes: what says that it is raw, or a struct
    return ours.kind == 'V' && file.size == ours.size;
  }
  if (ours.is_struct || file.is_struct) return false;
  if (ours.is_character && ours.size == 1) return is_byte(file);
  if (ours.kind == 'S' || ours.kind == 'U') return file.kind == ours.kind && file.size <= ours.size;
  if (file.kind == 'm' || file.kind == 'M') {
    if (ours.kind == 'i') return ours.size == file.size && !ours.is_count;
    return ours.kind == file.kind && ours.unit == file.unit;
  }
  return file.kind == ours.kind && file.size == ours.size;
}

// A piece that continues where the last one ends becomes a part of it.
void add_piece(std::vector<NpyPiece>& pieces, NpyPiece piece) {
  if (!pieces.empty() && pieces.back().from + pieces.back().size == piece.from &&
      pieces.back().to + pieces.back().size == piece.to) {
    pieces.back().size += piece.size;
  } else {
    pieces.push_back(piece);
  }
}

// The fields of two structs, as pieces; what does not fit is told.
class FieldMatch {
 public:
  explicit FieldMatch(std::vector<NpyPiece>& pieces) : pieces_(pieces) {}

  void structs(const NpyType& file, const NpyType& ours, std::size_t from, std::size_t to) {
    for (const NpyField& wanted : ours.fields) {
      const NpyField* const found = find(file, wanted.name);
      if (found == nullptr) fail(wanted.name, "is not in the file");
      field(*found, wanted, from + found->offset, to + wanted.offset);
    }
    if (file.fields.size() == ours.fields.size()) return;
    for (const NpyField& more : file.fields) {
      if (find(ours, more.name) == nullptr) fail(more.name, "is not in the struct");
    }
    throw InvalidArgument("two of its fields have the same name");
  }

 private:
  static const NpyField* find(const NpyType& type, const std::string& name) {
    const auto found = std::find_if(type.fields.begin(), type.fields.end(),
                                    [&](const NpyField& field) { return field.name == name; });
    return found == type.fields.end() ? nullptr : &*found;
  }

  [[noreturn]] static void fail(const std::string& name, const std::string& what) {
    throw InvalidArgument("its field \"" + name + "\" " + what);
  }

  void field(const NpyField& file, const NpyField& ours, std::size_t from, std::size_t to) {
    // A text may also be written as an array of its bytes.
    Shape wanted = ours.shape;
    const bool spelt = ours.type.kind == 'S' && file.type.kind != 'S' && is_byte(file.type);
    if (spelt) wanted.push_back(ours.type.size);
    if (file.shape != wanted) {
      fail(ours.name, "has the shape " + npy_shape_text(file.shape) + " in the file, " +
                          npy_shape_text(wanted) + " in the struct");
    }
    std::size_t count = 1;
    for (const std::size_t n : file.shape) count *= n;
    if (file.type.is_struct && ours.type.is_struct) {
      for (std::size_t i = 0; i < count; ++i) {
        structs(file.type, ours.type, from + i * file.type.size, to + i * ours.type.size);
      }
    } else if (spelt) {
      add({from, to, count});
    } else if (!is_same(file.type, ours.type)) {
      fail(ours.name, "holds " + npy_type_words(file.type) + " in the file, " +
                          npy_type_words(ours.type) + " in the struct");
    } else {
      for (std::size_t i = 0; i < count; ++i) {
        add({from + i * file.type.size, to + i * ours.type.size, file.type.size});
      }
    }
  }

  void add(NpyPiece piece) { add_piece(pieces_, piece); }

  std::vector<NpyPiece>& pieces_;
};

std::string described(const NpyType& type) {
  constexpr std::size_t kMostText = 500;
  return npy_type_words(type) + " (\"" + npy_type_text(type).substr(0, kMostText) + "\")";
}

[[noreturn]] void another_type(const NpyType& file, const NpyType& ours, std::string_view call) {
  const std::string why = "it holds " + described(file) + ", not " + described(ours);
  if (file.order == '>') {
    NpyType little = file;
    little.order = '<';
    throw InvalidArgument(why + ": save it as a.astype(\"" + npy_type_text(little) + "\")");
  }
  if (file.kind == 'O') {
    throw InvalidArgument(why + ": only Python can read them; save them as another type");
  }
  const std::string cpp = npy_type_in_cpp(file);
  throw InvalidArgument(why + ": use " + std::string(call) +
                        (file.is_struct || cpp.starts_with("a ") ? " of " + cpp : "<" + cpp + ">"));
}

// Without the pieces if they are the whole of the item.
void match_types(const NpyType& file, const NpyType& ours, NpyLayout& layout,
                 std::string_view call) {
  layout.item_in_file = file.size;
  layout.item_in_memory = ours.size;
  if (file.is_struct && ours.is_struct) {
    try {
      FieldMatch(layout.pieces).structs(file, ours, 0, 0);
    } catch (const InvalidArgument& error) {
      throw InvalidArgument(std::string(error.std::runtime_error::what()) + "; it holds " +
                            npy_type_words(file) + ": use " + std::string(call) + " of " +
                            npy_type_in_cpp(file));
    }
  } else if (is_same(file, ours)) {
    layout.pieces = {{0, 0, file.size}};
  } else {
    another_type(file, ours, call);
  }
  const bool in_place = std::all_of(layout.pieces.begin(), layout.pieces.end(),
                                    [](const NpyPiece& piece) { return piece.from == piece.to; });
  if (in_place && layout.item_in_file == layout.item_in_memory) layout.pieces.clear();
}

// The dimensions of the file that are those of the array: without the last ones, which are in the element.
Shape outer_shape(const Shape& file, const Shape& element) {
  if (file.size() < element.size() ||
      !std::equal(element.begin(), element.end(),
                  file.end() - static_cast<std::ptrdiff_t>(element.size()))) {
    throw InvalidArgument("its shape " + npy_shape_text(file) +
                          " does not end with that of the elements, " + npy_shape_text(element));
  }
  return {file.begin(), file.end() - static_cast<std::ptrdiff_t>(element.size())};
}

// Of one number, a part of a complex one: a long double of x86 has 10 bytes in the place of 16.
std::size_t bytes_of_number(std::size_t size) {
  return LDBL_MANT_DIG == 64 && size == sizeof(long double) ? 10 : size;
}

void add_pieces(const NpyType& type, std::size_t at, std::vector<NpyPiece>& pieces) {
  for (const NpyField& field : type.fields) {
    const std::size_t end = at + field.offset + npy_field_size(field);
    for (std::size_t one = at + field.offset; one < end; one += field.type.size) {
      add_pieces(field.type, one, pieces);
    }
  }
  if (type.is_struct) return;
  const bool number = type.kind == 'f' || type.kind == 'c';
  const std::size_t part = type.kind == 'c' ? type.size / 2 : type.size;
  for (std::size_t one = at; one < at + type.size; one += part) {
    add_piece(pieces, {one, one, number ? bytes_of_number(part) : part});
  }
}

}  // namespace

NpyLayout match_npy(const NpyHeader& header, const NpyField& element, std::string_view call) {
  NpyType ours = element.type;
  Shape inner = element.shape;
  Shape outer = header.shape;
  const NpyType& file = header.type;
  if (ours.is_character && inner.empty() && (file.kind == 'S' || file.kind == 'U') &&
      file.order != '>' && (ours.size == 4) == (file.kind == 'U')) {
    outer.push_back(file.size / ours.size);  // each text is one more dimension of characters
    ours.kind = file.kind;
    ours.size = file.size;
    ours.is_character = false;
  } else {
    if (ours.kind == 'S' && file.kind != 'S' && is_byte(file)) {  // a text as an array of its bytes
      inner.push_back(ours.size);
      ours = file;
    }
    outer = outer_shape(outer, inner);
  }
  NpyLayout layout;
  match_types(file, ours, layout, call);
  const Extents items{std::span<const std::size_t>(header.shape)};
  layout.shape = Extents(std::span<const std::size_t>(outer));
  if (__builtin_mul_overflow(items.count(), layout.item_in_file, &layout.size_in_file) ||
      __builtin_mul_overflow(items.count(), layout.item_in_memory, &layout.size_in_memory)) {
    throw InvalidArgument("its shape is larger than memory");
  }
  if (layout.item_in_file == 0 && layout.size_in_memory != 0) {
    throw InvalidArgument("its elements have no bytes");
  }
  std::copy_if(header.shape.begin(), header.shape.end(), std::back_inserter(layout.items),
               [](std::size_t n) { return n != 1; });
  layout.column_major = header.column_major && layout.items.size() > 1 && items.count() != 0;
  return layout;
}

std::vector<NpyPiece> npy_pieces(const NpyType& type) {
  std::vector<NpyPiece> pieces;
  add_pieces(type, 0, pieces);
  return pieces;
}

std::vector<std::size_t> npy_bools(const NpyType& type) {
  if (type.kind == 'b') return {0};
  std::vector<std::size_t> all;
  for (const NpyField& field : type.fields) {
    const std::vector<std::size_t> inside = npy_bools(field.type);
    if (inside.empty()) continue;
    for (std::size_t at = 0; at < npy_field_size(field); at += field.type.size) {
      for (const std::size_t one : inside) all.push_back(field.offset + at + one);
    }
  }
  return all;
}

}  // namespace manta::detail
