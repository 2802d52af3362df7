// Columns and tables of other libraries, as they come through Arrow's C interfaces: arrow.h makes them. A column lies
// in one or more chunks; its arrays are views of these where that is possible, and keep them.
//
//   const ArrowTable table = import_arrow_stream(&stream);      what df.__arrow_c_stream__() gives, of pandas or polars
//   table.names();                                               {"price", "when", "town"}
//   Array<double> price = table.get<double>("price");            all chunks as one array
//   table.column("when").type();                                 "timestamp in nanoseconds, UTC"
//   Array<std::int64_t> when = table.get<std::int64_t>("when");  nanoseconds since 1970
//   auto [values, mask] = table.column("price").masked<double>();
//
// Which T a column is an array of:
//
//   in Arrow                                          T
//   integers, float16, float32, float64               the same; a uint8 is no char8_t
//   bool, which is a bit                              bool; unpacked, so always a copy
//   timestamp, time64, date64, duration               std::int64_t, in the unit that type() says
//   date32 (days since 1970), time32, months          std::int32_t
//   fixed-size binary of 2 bytes                      manta::bfloat16: Arrow has no such type
//   all others (strings, decimals, lists, categories) none: refused, with the type in words
//
// Chunks that are joined, values that are not aligned, bools, and nulls that become NaN are copied; all else is not.
// Threads: columns and tables are immutable; const functions from any.
// Errors:  InvalidArgument that names the column and its type, and says which call fits.
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../array.h"
#include "arrow_chunk.h"
#include "arrow_type.h"

namespace manta {

// What becomes of nulls, of which an Array has none: they are refused, or NaN stands in their places (of floating-point
// columns only; of others masked() tells).
enum class ArrowNulls { refuse, as_nan };

// Values, and which of them are null, as in numpy.ma: where the mask is true, the value is any.
template <class T>
struct MaskedArray {
  Array<T> values = {};
  Array<bool> mask = {};  // of the shape of the values
};

// One column: its name, its type, and its values in chunks. A copy of it copies no value.
class ArrowColumn {
 public:
  ArrowColumn(detail::ArrowField field, std::vector<detail::ArrowChunk> chunks);

  // As its table has it; of an array alone what its schema says, mostly "".
  const std::string& name() const { return data_->field.name; }
  // In words: "float64", "timestamp in nanoseconds, UTC", "string view".
  const std::string& type() const { return data_->field.type; }
  // As Arrow writes it: "g", "tsn:UTC", "vu". Of a dictionary, that of its indices.
  const std::string& format() const { return data_->field.format; }
  // The number of rows, those that are null included.
  std::size_t size() const { return data_->size; }
  // How many rows are null. Columns that no Array can hold are refused.
  std::size_t null_count() const;

  // Throws what as<T>(nulls) would throw of the column.
  template <class T>
  void require(ArrowNulls nulls = ArrowNulls::refuse) const {
    check(detail::arrow_letter<T>(), nulls);
  }
  // The values, all chunks joined.
  template <class T>
  Array<T> as(ArrowNulls nulls = ArrowNulls::refuse) const {
    require<T>(nulls);
    return read<T>(data_->chunks, nulls);
  }
  // The values and which are null, all chunks joined.
  template <class T>
  MaskedArray<T> masked() const {
    check_type(detail::arrow_letter<T>());
    return {read<T>(data_->chunks, ArrowNulls::refuse), read_mask(data_->chunks)};
  }
  // The values of each chunk, in their order; without a copy where as() says so.
  template <class T>
  std::vector<Array<T>> chunks(ArrowNulls nulls = ArrowNulls::refuse) const {
    require<T>(nulls);
    std::vector<Array<T>> arrays;
    for (const detail::ArrowChunk& chunk : data_->chunks) {
      arrays.push_back(read<T>({&chunk, 1}, nulls));
    }
    return arrays;
  }
  // The same of values and masks.
  template <class T>
  std::vector<MaskedArray<T>> masked_chunks() const {
    check_type(detail::arrow_letter<T>());
    std::vector<MaskedArray<T>> arrays;
    for (const detail::ArrowChunk& chunk : data_->chunks) {
      arrays.push_back({read<T>({&chunk, 1}, ArrowNulls::refuse), read_mask({&chunk, 1})});
    }
    return arrays;
  }

 private:
  using Chunks = std::span<const detail::ArrowChunk>;
  struct Data {
    detail::ArrowField field;
    std::vector<detail::ArrowChunk> chunks;
    std::size_t size = 0;
  };

  void check_type(char letter) const;
  void check(char letter, ArrowNulls nulls) const;
  template <class T>
  static Array<T> read(Chunks chunks, ArrowNulls nulls);
  static Array<bool> read_mask(Chunks chunks);
  static std::size_t count_rows(Chunks chunks);

  std::shared_ptr<const Data> data_;
};

// Columns of one length, in the order in which they came. A copy of it copies no value.
class ArrowTable {
 public:
  ArrowTable(std::vector<ArrowColumn> columns, std::size_t rows)
      : columns_(std::move(columns)), rows_(rows) {}

  // How many rows each column has; also of a table without columns.
  std::size_t rows() const { return rows_; }
  // From left to right; names() are theirs, which may be empty or alike.
  const std::vector<ArrowColumn>& columns() const { return columns_; }
  std::vector<std::string> names() const;
  // Of that name. InvalidArgument if there is none, with the names that there are, or if there are several.
  const ArrowColumn& column(std::string_view name) const;
  // The values of the column of that name: column(name).as<T>(nulls).
  template <class T>
  Array<T> get(std::string_view name, ArrowNulls nulls = ArrowNulls::refuse) const {
    return column(name).as<T>(nulls);
  }

 private:
  std::vector<ArrowColumn> columns_;
  std::size_t rows_ = 0;
};

// ---------------------------------------------------------------- implementation
template <class T>
Array<T> ArrowColumn::read(Chunks chunks, ArrowNulls nulls) {
  constexpr char kLetter = detail::arrow_letter<T>();
  const bool nulls_as_nan = nulls == ArrowNulls::as_nan;
  const std::size_t count = count_rows(chunks);
  if (auto view = detail::arrow_view(kLetter, chunks, nulls_as_nan)) {
    const std::byte* const data = view->data();
    return detail::ArrayAccess::view<T>(std::move(view), data, detail::Extents(count));
  }
  auto values = uninitialized<T>(count);
  detail::copy_arrow_values(kLetter, chunks, nulls_as_nan,
                            reinterpret_cast<std::byte*>(values.data()));
  return std::move(values).freeze();
}

}  // namespace manta
