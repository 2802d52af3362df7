// Arrays to and from the Arrow C Data Interface (https://arrow.apache.org/docs/format/CDataInterface.html), without a
// copy. Two kinds are copied: an imported array that is not aligned to its elements, and an exported one outside the
// object store, because what leaves lies in a read-only mapping. The memory of an exported array is kept until the
// consumer calls release, that of an imported one until the last view is gone.
//
//   export_arrow(prices, &array, &schema);          pyarrow.Array._import_from_c(&array, &schema)
//   Array<double> a = import_arrow<double>(&array, &schema);
//
// Element types: integers, float, double (a bool of Arrow is a bit: use std::uint8_t). Arrays have one dimension
// and no nulls. The memory is read-only on both sides.
// Threads: any.
// Errors:  InvalidArgument with the reason: then nothing was exported, or what was to be imported is still the caller's
//          to release.
#pragma once
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "../array.h"

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
extern "C" {
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  std::int64_t flags;
  std::int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};
struct ArrowArray {
  std::int64_t length;
  std::int64_t null_count;
  std::int64_t offset;
  std::int64_t n_buffers;
  std::int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};
}
#endif

namespace manta {

namespace detail {

template <class T>
consteval const char* arrow_format() {
  static_assert(
      (std::is_integral_v<T> && !std::is_same_v<T, bool> && sizeof(T) <= 8) ||
          std::is_same_v<T, float> || std::is_same_v<T, double>,
      "manta: the Arrow interface takes arrays of integers up to 64 bits, float and double "
      "(a bool of Arrow is a bit: use std::uint8_t)");
  if constexpr (std::is_floating_point_v<T>) {
    return sizeof(T) == 4 ? "f" : "g";
  } else {
    constexpr const char* letters[2][4] = {{"C", "S", "I", "L"}, {"c", "s", "i", "l"}};
    return letters[std::is_signed_v<T> ? 1 : 0][sizeof(T) == 1   ? 0
                                                : sizeof(T) == 2 ? 1
                                                : sizeof(T) == 4 ? 2
                                                                 : 3];
  }
}

void export_arrow(const char* format, std::span<const std::size_t> shape, std::size_t size,
                  const void* data, base::StorageRef storage, ArrowArray* array,
                  ArrowSchema* schema);

struct Imported {
  base::StorageRef storage;
  const std::byte* data = nullptr;
  std::size_t count = 0;
};
Imported import_arrow(std::string_view format, std::size_t element_size, ArrowArray* array,
                      ArrowSchema* schema);

}  // namespace detail

// Fills both structs. The consumer must call the release of both, in any order.
template <class T>
void export_arrow(const Array<T>& array, ArrowArray* out, ArrowSchema* schema) {
  detail::export_arrow(detail::arrow_format<T>(), array.shape(), array.size() * sizeof(T),
                       array.data(), detail::ArrayAccess::storage(array), out, schema);
}

// Takes over both, and marks them as released, as the interface has it for a move.
template <class T>
Array<T> import_arrow(ArrowArray* array, ArrowSchema* schema) {
  auto imported = detail::import_arrow(detail::arrow_format<T>(), sizeof(T), array, schema);
  return detail::ArrayAccess::view<T>(std::move(imported.storage), imported.data,
                                      detail::Extents(imported.count));
}

}  // namespace manta
