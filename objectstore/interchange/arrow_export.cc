// From the parts to the whole: structs of Arrow with what they own; one column; a table of columns; a stream of one
// table, whose functions are called from C; and at the end what the header declares.
#include "arrow_export.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>
#include <set>

#include "../../base/error.h"
#include "arrow.h"
#include "arrow_bits.h"
#include "read_only_memory.h"

namespace manta {
namespace {

[[noreturn]] void refuse(std::string_view call, const std::string& name, const std::string& why) {
  throw InvalidArgument(std::string(call) + (name.empty() ? "" : ": column \"" + name + "\"") +
                        ": " + why);
}

// What an exported schema or array points to. The structs of children lie in it; a consumer may move them out, and then
// they are released by themselves.
template <class Struct>
struct Children {
  explicit Children(std::size_t count) : structs(count), pointers(count) {
    for (std::size_t i = 0; i < count; ++i) {
      structs[i] = {};
      pointers[i] = &structs[i];
    }
  }
  Children(const Children&) = delete;
  ~Children() {
    for (Struct& child : structs) {
      if (child.release != nullptr) child.release(&child);
    }
  }
  std::vector<Struct> structs;
  std::vector<Struct*> pointers;
};

struct ExportedSchema {
  ExportedSchema(std::string of_name, std::size_t count)
      : name(std::move(of_name)), children(count) {}
  std::string name;
  Children<ArrowSchema> children;
};

struct ExportedArray {
  explicit ExportedArray(std::size_t count) : children(count) {}
  base::StorageRef validity;
  base::StorageRef values;
  Children<ArrowArray> children;
  const void* buffers[2] = {};
};

template <class Struct, class Exported>
void release(Struct* self) {
  delete static_cast<Exported*>(self->private_data);
  self->release = nullptr;
}

template <class Struct, class Exported>
void hand_over(std::unique_ptr<Exported> exported, Struct* to) {
  to->n_children = static_cast<std::int64_t>(exported->children.structs.size());
  to->children = exported->children.pointers.data();
  to->release = release<Struct, Exported>;
  to->private_data = exported.release();
}

void export_schema(const NamedColumn& column, ArrowSchema* to) {
  auto exported = std::make_unique<ExportedSchema>(column.name(), 0);
  *to = {};
  to->format = detail::arrow_format(column.letter());
  to->name = exported->name.c_str();
  to->flags = column.mask().size() == 0 ? 0 : ARROW_FLAG_NULLABLE;
  hand_over(std::move(exported), to);
}

void export_schema_of_table(const std::vector<NamedColumn>& columns, ArrowSchema* to) {
  auto exported = std::make_unique<ExportedSchema>("", columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    export_schema(columns[i], &exported->children.structs[i]);
  }
  *to = {};
  to->format = "+s";
  to->name = exported->name.c_str();
  hand_over(std::move(exported), to);
}

objectstore::ReadOnlyMemory packed(const bool* values, std::size_t count, detail::Packed how) {
  const auto bits = base::HeapStorage::create((count + 7) / 8);
  detail::pack_bits(values, count, how, reinterpret_cast<std::uint8_t*>(bits->mutable_data()));
  return objectstore::read_only_memory(bits, bits->data(), bits->size());
}

objectstore::ReadOnlyMemory values_of(const NamedColumn& column) {
  if (column.letter() == 'b') {
    return packed(reinterpret_cast<const bool*>(column.data()), column.rows(),
                  detail::Packed::kSame);
  }
  return objectstore::read_only_memory(column.storage(), column.data(),
                                       column.rows() * detail::arrow_element_size(column.letter()));
}

void export_array(const NamedColumn& column, ArrowArray* to) {
  static const char kNothing[base::kStorageAlignment] = {};
  auto values = values_of(column);
  const void* const data =
      values.data == nullptr ? static_cast<const void*>(kNothing) : values.data;
  auto exported = std::make_unique<ExportedArray>(0);
  exported->values = std::move(values.storage);
  exported->buffers[1] = data;
  *to = {};
  if (column.mask().size() != 0) {
    auto validity = packed(column.mask().data(), column.rows(), detail::Packed::kOpposite);
    exported->buffers[0] = validity.data;
    exported->validity = std::move(validity.storage);
    to->null_count = std::count(column.mask().begin(), column.mask().end(), true);
  }
  to->length = static_cast<std::int64_t>(column.rows());
  to->n_buffers = 2;
  to->buffers = exported->buffers;
  hand_over(std::move(exported), to);
}

void export_table(const std::vector<NamedColumn>& columns, ArrowArray* to) {
  auto exported = std::make_unique<ExportedArray>(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    export_array(columns[i], &exported->children.structs[i]);
  }
  *to = {};
  to->length = columns.empty() ? 0 : static_cast<std::int64_t>(columns.front().rows());
  to->n_buffers = 1;  // which rows are null: none is
  to->buffers = exported->buffers;
  hand_over(std::move(exported), to);
}

// ---- streams

struct ExportedStream {
  explicit ExportedStream(std::vector<NamedColumn> of) : columns(std::move(of)) {}
  std::vector<NamedColumn> columns;
  bool done = false;
  std::string error = {};
};

ExportedStream& of(ArrowArrayStream* stream) {
  return *static_cast<ExportedStream*>(stream->private_data);
}

// Nothing may be thrown into the consumer.
template <class F>
int guarded(ArrowArrayStream* stream, F f) noexcept {
  try {
    f(of(stream));
    return 0;
  } catch (const std::exception& error) {
    try {
      of(stream).error = error.what();
    } catch (const std::bad_alloc&) {
      of(stream).error.clear();
    }
    return ENOMEM;
  }
}

int get_schema(ArrowArrayStream* self, ArrowSchema* out) {
  return guarded(self,
                 [&](ExportedStream& stream) { export_schema_of_table(stream.columns, out); });
}

int get_next(ArrowArrayStream* self, ArrowArray* out) {
  return guarded(self, [&](ExportedStream& stream) {
    *out = {};  // released: the end
    if (stream.done) return;
    export_table(stream.columns, out);
    stream.done = true;
  });
}

const char* get_last_error(ArrowArrayStream* self) {
  return of(self).error.empty() ? nullptr : of(self).error.c_str();
}

void release_stream(ArrowArrayStream* self) {
  delete &of(self);
  self->release = nullptr;
}

void check_columns(const std::vector<NamedColumn>& columns) {
  std::set<std::string_view> names;
  for (const NamedColumn& column : columns) {
    if (!names.insert(column.name()).second) {
      refuse("export_arrow_stream", column.name(), "there are several of this name");
    }
    if (column.rows() != columns.front().rows()) {
      refuse("export_arrow_stream", column.name(),
             "it has " + std::to_string(column.rows()) + " rows, column \"" +
                 columns.front().name() + "\" has " + std::to_string(columns.front().rows()));
    }
  }
}

}  // namespace

void NamedColumn::check_dimensions(std::size_t dimensions) const {
  if (dimensions > 1) {
    refuse("export_arrow", name_,
           "the array has " + std::to_string(dimensions) +
               " dimensions, Arrow's have one: reshape it");
  }
}

void NamedColumn::check_mask() const {
  if (mask_.size() != rows_) {
    refuse("export_arrow", name_,
           "its mask has " + std::to_string(mask_.size()) + " elements, its values are " +
               std::to_string(rows_));
  }
}

void detail::export_arrow(const NamedColumn& column, ArrowArray* array, ArrowSchema* schema) {
  export_array(column, array);
  try {
    export_schema(column, schema);
  } catch (...) {
    array->release(array);
    throw;
  }
}

void export_arrow_stream(std::vector<NamedColumn> columns, ArrowArrayStream* out) {
  check_columns(columns);
  auto stream = std::make_unique<ExportedStream>(std::move(columns));
  *out = {get_schema, get_next, get_last_error, release_stream, nullptr};
  out->private_data = stream.release();
}

}  // namespace manta
