// In this order: what is checked of an array of others; then, as the header has them, fields, rows and chunks; at the
// end what Arrow's layout is turned into: a view of values, and a mask.
#include "arrow_chunk.h"

#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>

#include "../../base/error.h"
#include "../../serialization/codec/sequence.h"
#include "../array_memory.h"
#include "arrow_bits.h"
#include "arrow_type.h"

namespace manta::detail {
namespace {

constexpr char kBits = 'b';

// Values inside a chunk, which they keep.
class ArrowValues final : public base::Storage {
 public:
  ArrowValues(const std::byte* data, std::size_t size, base::StorageRef owner)
      : Storage(data, size), owner_(std::move(owner)) {}

 private:
  ~ArrowValues() override = default;

  const base::StorageRef owner_;
};

std::string name_of(const ArrowField& field) {
  return field.name.empty() ? "the array" : "column \"" + field.name.substr(0, 100) + "\"";
}

std::size_t sum(std::size_t a, std::size_t b, std::string_view what) {
  std::size_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) refuse_arrow(what, "it is larger than memory");
  return sum;
}

// The bitmap of an array that has nulls, or null.
const std::uint8_t* validity_of(const ArrowArray& array, std::string_view what) {
  if (array.null_count < -1) refuse_arrow(what, "its count of nulls is negative");
  if (array.null_count == 0) return nullptr;
  const void* const bits = array.buffers[0];
  if (bits == nullptr && array.null_count > 0) {
    refuse_arrow(what, "it holds " + std::to_string(array.null_count) +
                           " nulls and does not say where: its validity buffer is a null pointer");
  }
  return static_cast<const std::uint8_t*>(bits);
}

void check_buffers(const ArrowArray& array, std::int64_t wanted, std::string_view what) {
  if (array.n_buffers != wanted) {
    refuse_arrow(what, "it is not a valid array: it has " + std::to_string(array.n_buffers) +
                           " buffers, its type has " + std::to_string(wanted));
  }
  if (array.buffers == nullptr) refuse_arrow(what, "its list of buffers is a null pointer");
}

// The rows [first, first + length) have all their bytes inside the address space, and an Array may have so many.
void check_extent(const ArrowChunk& chunk, std::size_t element_size, std::string_view what) {
  std::size_t end = 0;
  if (serialization::has_too_many_elements({&chunk.length, 1}) ||
      __builtin_mul_overflow(sum(chunk.first, chunk.length, what), element_size, &end) ||
      end > static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max())) {
    refuse_arrow(what, "it is larger than memory");
  }
}

std::size_t count_nulls(const ArrowChunk& chunk) {
  if (chunk.parent.validity == nullptr) {
    return chunk.validity == nullptr ? 0 : count_zeros(chunk.validity, chunk.first, chunk.length);
  }
  std::size_t nulls = 0;
  for (std::size_t row = 0; row < chunk.length; ++row) nulls += chunk.is_null(row) ? 1 : 0;
  return nulls;
}

const std::byte* values_of(const ArrowChunk& chunk, char letter) {
  if (chunk.length == 0) return nullptr;
  return letter == kBits ? chunk.data : chunk.data + chunk.first * arrow_element_size(letter);
}

template <class Number>
void put_at(std::byte* to, std::size_t row, Number number) {
  std::memcpy(to + row * sizeof number, &number, sizeof number);
}

void put_nan(char letter, std::byte* to, std::size_t row) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  switch (letter) {
    case 'e':
      return put_at(to, row, float16(kNan));
    case 'w':
      return put_at(to, row, bfloat16(kNan));
    case 'f':
      return put_at(to, row, kNan);
    default:
      return put_at(to, row, std::numeric_limits<double>::quiet_NaN());
  }
}

}  // namespace

void refuse_arrow(std::string_view what, const std::string& why) {
  throw InvalidArgument("Arrow: " + std::string(what) + ": " + why);
}

bool ArrowChunk::is_null(std::size_t row) const {
  return (validity != nullptr && !bit_at(validity, first + row)) ||
         (parent.validity != nullptr && !bit_at(parent.validity, parent.first_bit + row));
}

ArrowField read_arrow_field(const ArrowSchema& schema) {
  ArrowField field;
  if (schema.name != nullptr) field.name = schema.name;
  if (schema.release == nullptr) refuse_arrow(name_of(field), "its schema was released already");
  if (schema.format == nullptr) refuse_arrow(name_of(field), "its format is a null pointer");
  field.format = schema.format;
  field.type = arrow_type_name(field.format);
  field.letter = arrow_letter(field.format);
  if (schema.dictionary != nullptr) {
    const char* const values = schema.dictionary->format;
    field.type = "dictionary (categories) of " +
                 (values == nullptr ? "an unknown type" : arrow_type_name(values));
    field.letter = 0;
  }
  return field;
}

ArrowRows arrow_rows(const ArrowArray& array, std::string_view what) {
  if (array.release == nullptr) refuse_arrow(what, "it was released already");
  if (array.length < 0 || array.offset < 0) {
    refuse_arrow(what, "its length or its offset is negative");
  }
  return {.length = static_cast<std::size_t>(array.length)};
}

ArrowRows arrow_struct_rows(const ArrowArray& array, std::string_view what) {
  ArrowRows rows = arrow_rows(array, what);
  check_buffers(array, 1, what);
  rows.offset = static_cast<std::size_t>(array.offset);
  rows.validity = validity_of(array, what);
  rows.first_bit = rows.offset;
  sum(rows.offset, rows.length, what);
  return rows;
}

ArrowChunk arrow_chunk(const ArrowArray& array, const ArrowField& field, const ArrowRows& rows) {
  const std::string what = name_of(field);
  const std::size_t length = arrow_rows(array, what).length;
  if (sum(rows.offset, rows.length, what) > length) {
    refuse_arrow(what, "it has " + std::to_string(length) +
                           " rows, the table asks for those from " + std::to_string(rows.offset) +
                           " to " + std::to_string(rows.offset + rows.length));
  }
  ArrowChunk chunk;
  chunk.length = rows.length;
  if (field.letter == 0) return chunk;
  chunk.first = sum(static_cast<std::size_t>(array.offset), rows.offset, what);
  chunk.parent = rows;
  check_extent(chunk, arrow_element_size(field.letter), what);
  check_buffers(array, 2, what);
  if (array.n_children != 0 || array.dictionary != nullptr) {
    refuse_arrow(what, "it is not a valid array of " + field.type + ": it has arrays inside");
  }
  chunk.validity = validity_of(array, what);
  chunk.data = static_cast<const std::byte*>(array.buffers[1]);
  if (chunk.data == nullptr && chunk.length != 0) {
    refuse_arrow(what, "it has " + std::to_string(length) +
                           " rows and no data: its data buffer is a null pointer");
  }
  chunk.nulls = count_nulls(chunk);
  return chunk;
}

base::StorageRef arrow_view(char letter, std::span<const ArrowChunk> chunks, bool nulls_as_nan) {
  const ArrowChunk* only = nullptr;
  for (const ArrowChunk& chunk : chunks) {
    if (chunk.length == 0) continue;
    if (only != nullptr) return nullptr;
    only = &chunk;
  }
  if (only == nullptr || letter == kBits || (nulls_as_nan && only->nulls != 0)) return nullptr;
  const std::byte* const values = values_of(*only, letter);
  const std::size_t size = arrow_element_size(letter);
  if (reinterpret_cast<std::uintptr_t>(values) % size != 0) return nullptr;
  return base::make_ref<ArrowValues>(values, only->length * size, only->owner);
}

void copy_arrow_values(char letter, std::span<const ArrowChunk> chunks, bool nulls_as_nan,
                       std::byte* to) {
  const std::size_t element_size = arrow_element_size(letter);
  for (const ArrowChunk& chunk : chunks) {
    if (chunk.length == 0) continue;
    const std::byte* const values = values_of(chunk, letter);
    if (letter == kBits) {
      unpack_bits(reinterpret_cast<const std::uint8_t*>(values), chunk.first, chunk.length,
                  reinterpret_cast<bool*>(to));
    } else {
      copy_array(to, values, chunk.length * element_size);
    }
    if (nulls_as_nan && chunk.nulls != 0) {
      for (std::size_t row = 0; row < chunk.length; ++row) {
        if (chunk.is_null(row)) put_nan(letter, to, row);
      }
    }
    to += chunk.length * element_size;
  }
}

void copy_arrow_mask(std::span<const ArrowChunk> chunks, bool* to) {
  for (const ArrowChunk& chunk : chunks) {
    for (std::size_t row = 0; row < chunk.length; ++row) {
      to[row] = chunk.nulls != 0 && chunk.is_null(row);
    }
    to += chunk.length;
  }
}

}  // namespace manta::detail
