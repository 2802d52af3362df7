// Arrays to and from other libraries through the Arrow C Data Interface and the Arrow C Stream Interface, without a
// copy: pyarrow, polars, pandas, duckdb and many more speak them. The memory of an exported array is kept until the
// consumer calls release, that of an imported one until the last view is gone.
//
//   export_arrow(prices, &array, &schema);               pyarrow.Array._import_from_c(&array, &schema)
//   Array<double> a = import_arrow<double>(&array, &schema);
//
//   export_arrow_stream({{"price", prices}, {"size", sizes}}, &stream);   what __arrow_c_stream__() gives, in a capsule
//   ArrowTable table = import_arrow_stream(&stream);     of a data frame, a query, a series; see arrow_column.h
//
// In Python the structs travel in capsules (arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html): of
// the names "arrow_schema", "arrow_array" and "arrow_array_stream".
//
// Exported are arrays of one dimension: those of integers, float16, float and double without a copy, of bool packed
// into bits, of bfloat16 as fixed-size binary of 2 bytes. What leaves lies in a read-only mapping, so an array outside
// the object store (read_only_memory.h) is copied. What is imported is read-only, too; nobody may write to it.
// Threads: any.
// Errors:  InvalidArgument with the reason: then nothing was exported, or what was to be imported is still the caller's
//          to release (a stream as far as it was not read).
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../array.h"
#include "arrow_column.h"
#include "arrow_export.h"
#include "arrow_structs.h"

namespace manta {

// ---------------------------------------------------------------- imports
// Each takes over its structs and marks them as released, as the interface has it for a move.

// The values of an array.
template <class T>
Array<T> import_arrow(ArrowArray* array, ArrowSchema* schema,
                      ArrowNulls nulls = ArrowNulls::refuse);
// An array of any type: its nulls become a mask with masked<T>().
ArrowColumn import_arrow_column(ArrowArray* array, ArrowSchema* schema);
// A record batch, which is an array of structs.
ArrowTable import_arrow_table(ArrowArray* array, ArrowSchema* schema);
// All batches of a stream. A stream of plain arrays (a polars Series, a pyarrow ChunkedArray) is a table of one column.
// InvalidArgument also for what the stream itself says that went wrong.
ArrowTable import_arrow_stream(ArrowArrayStream* stream);

// ---------------------------------------------------------------- exports
// Each fills the structs that it is given, whatever they held. The consumer must call the release of each, in any
// order. Of a MaskedArray the rows where the mask is true are null.

template <class T>
void export_arrow(const Array<T>& array, ArrowArray* out, ArrowSchema* schema) {
  detail::export_arrow(NamedColumn("", array), out, schema);
}
template <class T>
void export_arrow(const MaskedArray<T>& array, ArrowArray* out, ArrowSchema* schema) {
  detail::export_arrow(NamedColumn("", array), out, schema);
}
// A table: columns of one length, each under its name, as a stream of one batch.
void export_arrow_stream(std::vector<NamedColumn> columns, ArrowArrayStream* out);

// ---------------------------------------------------------------- implementation
namespace detail {
// The column of an array that is still the caller's: to look at its type.
ArrowColumn look_at_arrow(const ArrowArray* array, const ArrowSchema* schema);
}  // namespace detail

template <class T>
Array<T> import_arrow(ArrowArray* array, ArrowSchema* schema, ArrowNulls nulls) {
  detail::look_at_arrow(array, schema).require<T>(nulls);
  return import_arrow_column(array, schema).as<T>(nulls);
}

}  // namespace manta
