// A chunk is a run of rows of one column, in the memory of one ArrowArray. It was checked when it was made: its memory
// is there, as far as a struct without sizes can say so.
//
// Invariant: `data` is null for what no Array can hold, and where there are no rows.
// Threads:   a chunk is immutable.   Units: rows.   Errors: InvalidArgument with the reason.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "../../base/storage.h"
#include "arrow_structs.h"

namespace manta::detail {

// The type of a column, of which its schema tells.
struct ArrowField {
  std::string name;
  std::string format;
  std::string type;  // in words
  char letter = 0;   // as arrow_type.h has it
};

// The rows of an ArrowArray that its parent shows: those of a struct have an offset and nulls of their own.
struct ArrowRows {
  std::size_t offset = 0;
  std::size_t length = 0;
  const std::uint8_t* validity = nullptr;  // null: all are valid
  std::size_t first_bit = 0;               // of the validity
};

struct ArrowChunk {
  base::StorageRef owner;  // keeps all of the rest
  const std::byte* data = nullptr;
  std::size_t first = 0;  // of the elements that lie in `data`
  std::size_t length = 0;
  std::size_t nulls = 0;
  // Of the column, from bit `first` on; null: all are valid.
  const std::uint8_t* validity = nullptr;
  ArrowRows parent = {};

  bool is_null(std::size_t row) const;
};

// `what` names the column in errors.
[[noreturn]] void refuse_arrow(std::string_view what, const std::string& why);

ArrowField read_arrow_field(const ArrowSchema& schema);
// The rows that an array shows by itself, and those that a struct shows of its children.
ArrowRows arrow_rows(const ArrowArray& array, std::string_view what);
ArrowRows arrow_struct_rows(const ArrowArray& array, std::string_view what);
// The rows of a column. Its owner is to be set.
ArrowChunk arrow_chunk(const ArrowArray& array, const ArrowField& field, const ArrowRows& rows);

// Where the values of the chunks lie, if that is one place, aligned for the element, and no bits; else null. With NaN
// for nulls: only if there are none.
base::StorageRef arrow_view(char letter, std::span<const ArrowChunk> chunks, bool nulls_as_nan);
// Writes the values of all chunks, one after another.
void copy_arrow_values(char letter, std::span<const ArrowChunk> chunks, bool nulls_as_nan,
                       std::byte* to);
// Writes for each row whether it is null.
void copy_arrow_mask(std::span<const ArrowChunk> chunks, bool* to);

}  // namespace manta::detail
