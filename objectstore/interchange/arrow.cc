#include "arrow.h"

#include <memory>
#include <string>

#include "../../base/error.h"
#include "read_only_memory.h"

namespace manta::detail {
namespace {

[[noreturn]] void refuse(const std::string& what, const std::string& why) {
  throw InvalidArgument(what + ": " + why);
}

// What an exported array holds until it is released.
struct Exported {
  base::StorageRef storage;
  const void* buffers[2];  // the first one would say which elements are null: none is
};

void release_schema(ArrowSchema* schema) { schema->release = nullptr; }

void release_array(ArrowArray* array) {
  delete static_cast<Exported*>(array->private_data);
  array->release = nullptr;
}

// The memory of an imported array, which its maker takes back.
class ArrowStorage final : public base::Storage {
 public:
  ArrowStorage(const std::byte* data, std::size_t size, const ArrowArray& array)
      : Storage(data, size), array_(array) {}

 private:
  ~ArrowStorage() override { array_.release(&array_); }

  ArrowArray array_;
};

void check(const ArrowArray& array, const ArrowSchema& schema, std::string_view format) {
  const std::string what = "import_arrow";
  if (array.release == nullptr || schema.release == nullptr) {
    refuse(what, "it was released already");
  }
  if (schema.format != format || schema.dictionary != nullptr || array.dictionary != nullptr) {
    refuse(what, "it holds elements of format \"" + std::string(schema.format) +
                     (schema.dictionary != nullptr ? "\" in a dictionary" : "\"") +
                     ", the array \"" + std::string(format) + "\"");
  }
  if (array.n_buffers != 2 || array.n_children != 0 || array.length < 0 || array.offset < 0) {
    refuse(what, "it is not a valid array of numbers");
  }
  if (array.null_count != 0 && array.buffers[0] != nullptr) {
    refuse(what,
           "it may hold nulls, which an Array cannot: fill them first (fill_null in pyarrow)");
  }
}

}  // namespace

void export_arrow(const char* format, std::span<const std::size_t> shape, std::size_t size,
                  const void* data, base::StorageRef storage, ArrowArray* array,
                  ArrowSchema* schema) {
  if (shape.size() > 1) {
    refuse("export_arrow", "the array has " + std::to_string(shape.size()) +
                               " dimensions, Arrow's have one: reshape it");
  }
  static const char kNothing[base::kStorageAlignment] = {};
  const std::size_t count = shape.empty() ? 1 : shape[0];
  auto memory = objectstore::read_only_memory(std::move(storage), data, size);
  const void* const bytes =
      memory.data == nullptr ? static_cast<const void*>(kNothing) : memory.data;
  auto exported = std::make_unique<Exported>(Exported{std::move(memory.storage), {nullptr, bytes}});
  *schema = {};
  schema->format = format;
  schema->name = "";
  schema->release = release_schema;
  *array = {};
  array->length = static_cast<std::int64_t>(count);
  array->n_buffers = 2;
  array->buffers = exported->buffers;
  array->release = release_array;
  array->private_data = exported.release();
}

Imported import_arrow(std::string_view format, std::size_t element_size, ArrowArray* array,
                      ArrowSchema* schema) {
  check(*array, *schema, format);
  Imported imported;
  imported.count = static_cast<std::size_t>(array->length);
  std::ptrdiff_t end = 0;
  if (__builtin_add_overflow(array->offset, array->length, &end) ||
      __builtin_mul_overflow(end, element_size, &end)) {
    refuse("import_arrow", "it is larger than memory");
  }
  const auto* data = static_cast<const std::byte*>(array->buffers[1]);
  if (data == nullptr && imported.count != 0) {
    refuse("import_arrow", "it is not a valid array of numbers: it has no data");
  }
  if (imported.count != 0) data += static_cast<std::size_t>(array->offset) * element_size;
  const std::size_t size = imported.count * element_size;
  if (reinterpret_cast<std::uintptr_t>(data) % element_size == 0) {
    imported.storage = base::make_ref<ArrowStorage>(data, size, *array);
    imported.data = data;
  } else {
    imported.storage = base::HeapStorage::copy_of({data, size});
    imported.data = imported.storage->data();
    array->release(array);
  }
  array->release = nullptr;  // moved
  schema->release(schema);
  return imported;
}

}  // namespace manta::detail
