// Someone else's Arrow structs, for tests: they count how often they are released.
#pragma once
#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../../base/error.h"
#include "arrow.h"

namespace manta {

template <class F>
std::string refusal(F f) {
  try {
    f();
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "";
}

inline int released = 0;  // how many arrays, schemas and streams of others, children not counted

template <class Struct>
void count_release(Struct* self) {
  ++released;
  self->release = nullptr;
}
template <class Struct>
void release_child(Struct* self) {
  self->release = nullptr;
}

// Columns of one batch, with all that they point to. It must outlive what is imported.
struct Foreign {
  struct Column {
    std::string format;
    std::string name;
    std::int64_t length = 0;
    std::vector<const void*> buffers = {};
    std::int64_t null_count = 0;
    std::int64_t offset = 0;
  };

  explicit Foreign(std::vector<Column> of)
      : columns(std::move(of)), arrays(columns.size()), schemas(columns.size()) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      Column& column = columns[i];
      fill(arrays[i], column.length, column.null_count, column.offset, column.buffers);
      arrays[i].release = release_child;
      array_pointers.push_back(&arrays[i]);
      schemas[i] = {};
      schemas[i].format = column.format.c_str();
      schemas[i].name = column.name.c_str();
      schemas[i].release = release_child;
      schema_pointers.push_back(&schemas[i]);
    }
    fill(batch, columns.empty() ? 0 : columns[0].length, 0, 0, validity);
    batch.n_children = static_cast<std::int64_t>(columns.size());
    batch.children = array_pointers.data();
    schema = {};
    schema.format = "+s";
    schema.n_children = batch.n_children;
    schema.children = schema_pointers.data();
    schema.release = count_release;
  }
  Foreign(const Foreign&) = delete;

  static void fill(ArrowArray& array, std::int64_t length, std::int64_t nulls, std::int64_t offset,
                   std::vector<const void*>& buffers) {
    array = {};
    array.length = length;
    array.null_count = nulls;
    array.offset = offset;
    array.n_buffers = static_cast<std::int64_t>(buffers.size());
    array.buffers = buffers.data();
    array.release = count_release;
  }
  ArrowTable table() { return import_arrow_table(&batch, &schema); }
  // The first column by itself.
  ArrowColumn column() {
    arrays[0].release = count_release;
    schemas[0].release = count_release;
    return import_arrow_column(&arrays[0], &schemas[0]);
  }

  std::vector<Column> columns;
  std::vector<ArrowArray> arrays;
  std::vector<ArrowSchema> schemas;
  std::vector<ArrowArray*> array_pointers;
  std::vector<ArrowSchema*> schema_pointers;
  std::vector<const void*> validity = {nullptr};
  ArrowArray batch;
  ArrowSchema schema;
};

// A stream of batches, whose schema is that of the first.
struct ForeignStream {
  explicit ForeignStream(std::vector<Foreign*> of) : batches(std::move(of)) {
    stream.get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
      *out = of_stream(self).batches.at(0)->schema;
      return 0;
    };
    stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
      auto& that = of_stream(self);
      *out = {};
      if (that.next == that.fails_at) return EIO;
      if (that.next < that.batches.size()) *out = that.batches[that.next++]->batch;
      return 0;
    };
    stream.get_last_error = [](ArrowArrayStream*) { return "the disk is on fire"; };
    stream.release = count_release;
    stream.private_data = this;
  }
  static ForeignStream& of_stream(ArrowArrayStream* self) {
    return *static_cast<ForeignStream*>(self->private_data);
  }
  std::vector<Foreign*> batches;
  std::size_t next = 0;
  std::size_t fails_at = SIZE_MAX;
  ArrowArrayStream stream = {};
};

inline constexpr double kPrices[] = {1.5, 2.5, 3.5, 4.5};
inline constexpr std::int64_t kTimes[] = {10, 20, 30, 40};

}  // namespace manta
