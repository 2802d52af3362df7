// Tables of other libraries, as Manta reads them, and one of Manta's, for check_tables.py.
#include <any>
#include <optional>
#include <string>
#include <vector>

#include <manta/objectstore/arrow.h>

#include "elements.h"
#include "guarded.h"

namespace {

std::optional<manta::ArrowTable> table;
std::any kept;  // what Python looks at

// Gives the address of the array, which is kept, in *data, and its number of elements.
template <class T>
long keep(manta::Array<T> array, const void** data) {
  *data = array.data();
  const auto size = static_cast<long>(array.size());
  kept = std::move(array);
  return size;
}

}  // namespace

extern "C" {

long open_table(ArrowArrayStream* stream) {
  return guarded(
      [&] {
        table = manta::import_arrow_stream(stream);
        return static_cast<long>(table->rows());
      },
      -1L);
}
void close_table() {
  table.reset();
  kept.reset();
}
const char* column_name(std::size_t i) {
  return i < table->columns().size() ? table->columns()[i].name().c_str() : nullptr;
}
const char* column_type(const char* name) { return table->column(name).type().c_str(); }
long column_nulls(const char* name) {
  return guarded([&] { return static_cast<long>(table->column(name).null_count()); }, -1L);
}

long column_values(const char* name, const char* type, bool nulls_as_nan, const void** data) {
  const auto nulls = nulls_as_nan ? manta::ArrowNulls::as_nan : manta::ArrowNulls::refuse;
  const auto get = [&]<class T>(std::type_identity<T>) {
    return keep(table->get<T>(name, nulls), data);
  };
  return guarded([&] { return with_type(type, get); }, -1L);
}
// Of a column with nulls: the values, or their mask.
long column_masked(const char* name, const char* type, bool mask, const void** data) {
  const auto get = [&]<class T>(std::type_identity<T>) {
    auto masked = table->column(name).masked<T>();
    return mask ? keep(std::move(masked.mask), data) : keep(std::move(masked.values), data);
  };
  return guarded([&] { return with_type(type, get); }, -1L);
}
long column_chunks(const char* name, const char* type) {
  const auto count = [&]<class T>(std::type_identity<T>) {
    return static_cast<long>(table->column(name).chunks<T>().size());
  };
  return guarded([&] { return with_type(type, count); }, -1L);
}

// price: 0, 1.5, 3, ...; flag: every other one; size: 0, 1, ..., every third is null; brain: -2; half, where it is
// wanted (duckdb does not know the type): 0.5.
void export_our_table(std::size_t rows, bool with_half, ArrowArrayStream* stream) {
  auto price = manta::arange<double>(rows);
  auto flag = manta::uninitialized<bool>(rows);
  auto null = manta::uninitialized<bool>(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    price[i] *= 1.5;
    flag[i] = i % 2 != 0;
    null[i] = i % 3 == 0;
  }
  const manta::MaskedArray<int> size{manta::arange<int>(rows), std::move(null)};
  std::vector<manta::NamedColumn> columns = {
      {"price", manta::Array<double>(std::move(price))},
      {"flag", manta::Array<bool>(std::move(flag))},
      {"size", size},
      {"brain", manta::Array<manta::bfloat16>(manta::full(rows, manta::bfloat16(-2)))}};
  if (with_half) {
    columns.emplace_back("half",
                         manta::Array<manta::float16>(manta::full(rows, manta::float16(0.5f))));
  }
  manta::export_arrow_stream(std::move(columns), stream);
}

}  // extern "C"
