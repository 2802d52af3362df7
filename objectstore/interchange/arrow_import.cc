// In this order: checks of what is given; TableBuilder, which puts batches together to columns; and take(), through
// which all that the header declares goes.
#include <cstring>

#include "arrow.h"

namespace manta {
namespace {

using detail::ArrowField;
using detail::refuse_arrow;

constexpr std::string_view kTheTable = "the table";

// An array of another library, which takes it back when the last view of it is gone.
class ArrowBatch final : public base::Storage {
 public:
  // Takes over the array, and marks it as released.
  explicit ArrowBatch(ArrowArray& array) : Storage(nullptr, 0), array_(array) {
    array.release = nullptr;
  }

 private:
  ~ArrowBatch() override { array_.release(&array_); }

  ArrowArray array_;
};

bool is_struct(const ArrowSchema& schema) {
  return schema.format != nullptr && std::string_view(schema.format) == "+s" &&
         schema.dictionary == nullptr;
}

void check_children(std::int64_t count, const void* children) {
  if (count < 0) refuse_arrow(kTheTable, "it has a negative number of columns");
  if (count > 0 && children == nullptr) {
    refuse_arrow(kTheTable, "its list of columns is a null pointer");
  }
}

void check_given(const void* array, const void* schema) {
  if (array == nullptr || schema == nullptr) {
    refuse_arrow("the import", "its ArrowArray or ArrowSchema is a null pointer");
  }
}

std::vector<ArrowField> fields_of_struct(const ArrowSchema& schema) {
  if (schema.release == nullptr) refuse_arrow(kTheTable, "its schema was released already");
  check_children(schema.n_children, schema.children);
  std::vector<ArrowField> fields;
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    if (schema.children[i] == nullptr) {
      refuse_arrow(kTheTable, "the schema of column " + std::to_string(i) + " is a null pointer");
    }
    fields.push_back(detail::read_arrow_field(*schema.children[i]));
  }
  return fields;
}

// Whether a struct is a table, or one column that no Array can hold.
enum class ShownAs { kTable, kColumn };

// Puts a table together, batch by batch.
class TableBuilder {
 public:
  explicit TableBuilder(const ArrowSchema& schema, ShownAs shown_as = ShownAs::kTable)
      : is_struct_(shown_as == ShownAs::kTable && is_struct(schema)),
        fields_(is_struct_ ? fields_of_struct(schema)
                           : std::vector<ArrowField>{detail::read_arrow_field(schema)}),
        chunks_(fields_.size()) {}

  // The rows of the array, which is still its owner's.
  void add(const ArrowArray& array) {
    const auto rows = is_struct_ ? detail::arrow_struct_rows(array, kTheTable)
                                 : detail::arrow_rows(array, kTheTable);
    if (__builtin_add_overflow(rows_, rows.length, &rows_)) {
      refuse_arrow(kTheTable, "it has more rows than memory has places");
    }
    if (is_struct_) check_columns(array);
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const ArrowArray& column = is_struct_ ? *array.children[i] : array;
      chunks_[i].push_back(detail::arrow_chunk(column, fields_[i], rows));
    }
  }

  // From now on `owner` keeps what was added last.
  void keep(const base::StorageRef& owner) {
    for (auto& chunks : chunks_) chunks.back().owner = owner;
  }

  ArrowTable finish() && {
    std::vector<ArrowColumn> columns;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      columns.emplace_back(std::move(fields_[i]), std::move(chunks_[i]));
    }
    return {std::move(columns), rows_};
  }

 private:
  void check_columns(const ArrowArray& array) const {
    check_children(array.n_children, array.children);
    if (static_cast<std::size_t>(array.n_children) != fields_.size()) {
      refuse_arrow(kTheTable, "a batch has " + std::to_string(array.n_children) +
                                  " columns, its schema has " + std::to_string(fields_.size()));
    }
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (array.children[i] == nullptr) {
        refuse_arrow(kTheTable, "column " + std::to_string(i) + " is a null pointer");
      }
    }
  }

  bool is_struct_;
  std::vector<ArrowField> fields_;
  std::vector<std::vector<detail::ArrowChunk>> chunks_;
  std::size_t rows_ = 0;
};

// Takes over both when all is found right.
ArrowTable take(ArrowArray* array, ArrowSchema* schema, ShownAs shown_as) {
  check_given(array, schema);
  TableBuilder builder(*schema, shown_as);
  builder.add(*array);
  builder.keep(base::make_ref<ArrowBatch>(*array));
  schema->release(schema);
  return std::move(builder).finish();
}

// A struct that is ours until it is released.
template <class Struct>
struct Owned {
  Owned() = default;
  Owned(const Owned&) = delete;
  ~Owned() {
    if (it.release != nullptr) it.release(&it);
  }
  Struct it = {};
};

// Makes one of the calls of a stream; `what` says which.
template <class Struct>
void call(ArrowArrayStream* stream, int (*function)(ArrowArrayStream*, Struct*), Struct* out,
          const char* what) {
  const int code = function(stream, out);
  if (code == 0) return;
  out->release = nullptr;  // of a call that failed, nothing is to be released
  const char* const why =
      stream->get_last_error == nullptr ? nullptr : stream->get_last_error(stream);
  refuse_arrow("the stream", std::string("its ") + what +
                                 " failed: " + (why == nullptr ? std::strerror(code) : why) +
                                 " (error " + std::to_string(code) + ")");
}

void check_stream(const ArrowArrayStream* stream) {
  if (stream == nullptr) refuse_arrow("the stream", "it is a null pointer");
  if (stream->release == nullptr) refuse_arrow("the stream", "it was released already");
  if (stream->get_schema == nullptr || stream->get_next == nullptr) {
    refuse_arrow("the stream", "one of its functions is a null pointer");
  }
}

}  // namespace

ArrowColumn detail::look_at_arrow(const ArrowArray* array, const ArrowSchema* schema) {
  check_given(array, schema);
  TableBuilder builder(*schema, ShownAs::kColumn);
  builder.add(*array);
  return std::move(builder).finish().columns().front();
}

ArrowColumn import_arrow_column(ArrowArray* array, ArrowSchema* schema) {
  return take(array, schema, ShownAs::kColumn).columns().front();
}

ArrowTable import_arrow_table(ArrowArray* array, ArrowSchema* schema) {
  return take(array, schema, ShownAs::kTable);
}

ArrowTable import_arrow_stream(ArrowArrayStream* stream) {
  check_stream(stream);
  Owned<ArrowSchema> schema;
  call(stream, stream->get_schema, &schema.it, "get_schema");
  TableBuilder builder(schema.it);
  while (true) {
    Owned<ArrowArray> next;
    call(stream, stream->get_next, &next.it, "get_next");
    if (next.it.release == nullptr) break;  // the end
    builder.add(next.it);
    builder.keep(base::make_ref<ArrowBatch>(next.it));
  }
  stream->release(stream);
  return std::move(builder).finish();
}

}  // namespace manta
