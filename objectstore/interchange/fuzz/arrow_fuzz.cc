// Streams of Arrow structs that are made of the input, with wrong lengths, offsets, counts, types and null pointers:
// each is refused with its reason, or its columns are read whole. Buffers are as large as the lengths beside them say,
// so that AddressSanitizer sees a read beyond them; those that would be large are null pointers. Whatever comes of it,
// every struct is released once.
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "../../../base/error.h"
#include "../arrow.h"
#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using manta::ArrowNulls;

constexpr std::int64_t kLargest = 1 << 12;  // bytes of a buffer
constexpr const char* kFormats[] = {"g", "f",  "e",     "w:2", "b",  "c",       "C",   "s",
                                    "S", "i",  "I",     "l",   "L",  "tsn:UTC", "tdD", "tiM",
                                    "u", "vu", "d:9,2", "+l",  "+s", "n",       "?",   ""};

long to_release = 0;

// Structs of the input, with all that they point to.
struct Made {
  std::deque<ArrowArray> arrays;
  std::deque<ArrowSchema> schemas;
  std::deque<std::vector<ArrowArray*>> array_lists;
  std::deque<std::vector<ArrowSchema*>> schema_lists;
  std::deque<std::vector<const void*>> buffer_lists;
  std::deque<std::unique_ptr<std::uint8_t[]>> buffers;
};

template <class Struct>
void release(Struct* self) {
  if (self->release == nullptr) std::abort();
  --to_release;
  self->release = nullptr;
}
template <class Struct>
void release_child(Struct* self) {
  self->release = nullptr;
}

template <class Struct>
void set_release(Input& input, Struct& to, bool child) {
  if (input.rarely()) return;
  to.release = child ? release_child<Struct> : release<Struct>;
  if (!child) ++to_release;
}

// Of so many bytes, with any content.
const void* buffer(Input& input, Made& made, std::int64_t size) {
  if (size < 0 || size > kLargest || input.rarely()) return nullptr;
  made.buffers.push_back(std::make_unique<std::uint8_t[]>(static_cast<std::size_t>(size)));
  std::uint8_t* const bytes = made.buffers.back().get();
  for (std::int64_t i = 0; i < size && !input.empty(); ++i) bytes[i] = input.byte();
  return bytes;
}

std::int64_t bytes_of(std::int64_t elements, std::int64_t bits) {
  std::int64_t end = 0;
  if (elements < 0 || __builtin_mul_overflow(elements, bits, &end)) return -1;
  return end / 8 + (end % 8 != 0 ? 1 : 0);
}

std::int64_t element_bits(const char* format) {
  const char letter = format == nullptr ? '\0' : manta::detail::arrow_letter(format);
  if (letter == '\0') return 8;
  return letter == 'b' ? 1
                       : 8 * static_cast<std::int64_t>(manta::detail::arrow_element_size(letter));
}

void make_array(Input& input, Made& made, ArrowArray& to, const char* format,
                std::int64_t columns) {
  to = {};
  to.length = input.number();
  to.offset = input.number();
  to.null_count = input.rarely() ? input.number() : static_cast<std::int64_t>(input.byte() % 4) - 1;
  std::int64_t end = 0;
  if (__builtin_add_overflow(to.length, to.offset, &end) || to.length < 0 || to.offset < 0) {
    end = -1;
  }
  auto& list = made.buffer_lists.emplace_back();
  to.n_buffers = input.rarely() ? input.number() : columns > 0 ? 1 : 2;
  list.push_back(input.byte() % 2 == 0 ? nullptr : buffer(input, made, bytes_of(end, 1)));
  list.push_back(buffer(input, made, bytes_of(end, element_bits(format))));
  to.buffers = input.rarely() ? nullptr : list.data();
}

const char* format_of(Input& input) {
  return input.rarely() ? nullptr : kFormats[input.byte() % std::size(kFormats)];
}

void make_schema(Input& input, ArrowSchema& to, const char* format) {
  to = {};
  to.format = format;
  to.name = input.rarely() ? nullptr : "x";
  set_release(input, to, true);
}

// What get_schema and get_next give.
struct Source {
  Made made;
  ArrowSchema schema;
  std::vector<const char*> formats;
  std::deque<ArrowArray> batches;
  std::size_t next = 0;
  bool fails = false;
};

void make_batch(Input& input, Source& source) {
  ArrowArray& array = source.batches.emplace_back();
  const auto columns = static_cast<std::int64_t>(source.formats.size());
  make_array(input, source.made, array, source.schema.format, columns);
  array.n_children = input.rarely() ? input.number() % 8 : columns;
  auto& list = source.made.array_lists.emplace_back();
  for (const char* const format : source.formats) {
    ArrowArray& child = source.made.arrays.emplace_back();
    make_array(input, source.made, child, format, 0);
    set_release(input, child, true);
    list.push_back(input.rarely() ? nullptr : &child);
  }
  list.resize(8);
  array.children = input.rarely() ? nullptr : list.data();
  array.release = release<ArrowArray>;
}

void make_source(Input& input, Source& source) {
  const std::size_t columns = input.byte() % 4;
  auto& list = source.made.schema_lists.emplace_back();
  for (std::size_t i = 0; i < columns; ++i) {
    source.formats.push_back(format_of(input));
    ArrowSchema& child = source.made.schemas.emplace_back();
    make_schema(input, child, source.formats.back());
    list.push_back(input.rarely() ? nullptr : &child);
  }
  make_schema(input, source.schema, columns > 0 || input.rarely() ? "+s" : format_of(input));
  source.schema.release = nullptr;
  source.schema.n_children = static_cast<std::int64_t>(columns);
  source.schema.children = input.rarely() ? nullptr : list.data();
  set_release(input, source.schema, false);
  for (std::size_t batches = input.byte() % 4; batches > 0; --batches) make_batch(input, source);
  source.fails = input.rarely();
}

Source& of(ArrowArrayStream* stream) { return *static_cast<Source*>(stream->private_data); }

int get_schema(ArrowArrayStream* self, ArrowSchema* out) {
  *out = of(self).schema;
  return 0;
}

int get_next(ArrowArrayStream* self, ArrowArray* out) {
  Source& source = of(self);
  *out = {};
  if (source.next == source.batches.size()) return source.fails ? 5 : 0;
  ++to_release;
  *out = source.batches[source.next++];
  return 0;
}

template <class T>
double sum_of(const manta::Array<T>& array) {
  double sum = 0;
  for (const T element : array) sum += static_cast<double>(element);
  return sum;
}

template <class T>
double sum_of(const manta::ArrowColumn& column) {
  double sum = 0;
  try {
    const auto masked = column.masked<T>();
    if (masked.mask.size() != masked.values.size()) std::abort();
    sum += sum_of(masked.values) + sum_of(masked.mask);
    for (const auto& chunk : column.masked_chunks<T>()) sum += sum_of(chunk.values);
    sum += sum_of(column.as<T>(ArrowNulls::as_nan)) + sum_of(column.as<T>());
  } catch (const manta::InvalidArgument&) {  // of another type, or with nulls
  }
  return sum;
}

template <class... T>
double sum_as(const manta::ArrowColumn& column) {
  return (sum_of<T>(column) + ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  Source source;
  make_source(input, source);
  ++to_release;
  ArrowArrayStream stream{get_schema, get_next, nullptr, release<ArrowArrayStream>, &source};
  double sum = 0;
  try {
    const manta::ArrowTable table = manta::import_arrow_stream(&stream);
    for (const manta::ArrowColumn& column : table.columns()) {
      if (column.size() != table.rows()) std::abort();
      sum += sum_as<double, float, manta::float16, manta::bfloat16, bool, std::int8_t, std::uint8_t,
                    std::int16_t, std::uint16_t, std::int32_t, std::uint32_t, std::int64_t,
                    std::uint64_t>(column);
    }
  } catch (const manta::InvalidArgument&) {
  }
  if (stream.release != nullptr) stream.release(&stream);
  if (to_release != 0) std::abort();
  return sum == 0.123 ? 1 : 0;
}
