#include "sequence.h"

#include <string>

#include "../../base/error.h"

namespace manta::serialization {

bool has_too_many_elements(std::span<const std::size_t> shape) {
  std::uint64_t product = 1;
  for (const std::size_t extent : shape) {
    if (extent != 0 &&
        (__builtin_mul_overflow(product, extent, &product) || product >= kMaxElements)) {
      return true;
    }
  }
  return false;
}

std::size_t Extents::elements() const {
  std::size_t product = 1;
  for (const std::size_t one : shape()) {
    product *= one;
  }
  return product;
}

void write_array(Writer& writer, std::span<const std::size_t> shape, const void* data,
                 std::size_t size, StorageRef storage) {
  const std::size_t extents = writer.position();
  if (shape.size() == 1) {
    write_extent(writer, shape[0]);
  } else {
    if (shape.size() > kMaxDimensions) {
      throw SerializationError("an array of " + std::to_string(shape.size()) +
                               " dimensions cannot be serialized; 32 are the most");
    }
    writer.varint(2 * shape.size() + 1);
    for (const std::size_t extent : shape) {
      writer.varint(extent);
    }
  }
  writer.bytes(extents, data, size, std::move(storage));
}

Extents read_extents(Reader& reader, std::uint64_t first) {
  Extents extents;
  if ((first & 1) == 0) {
    extents.extent[0] = static_cast<std::size_t>(first / 2);
  } else {
    if (first / 2 > kMaxDimensions) {
      Reader::fail("an array has too many dimensions");
    }
    extents.dimensions = static_cast<std::size_t>(first / 2);
    for (std::size_t i = 0; i < extents.dimensions; ++i) {
      extents.extent[i] = static_cast<std::size_t>(reader.varint());
    }
  }
  if (has_too_many_elements(extents.shape())) Reader::fail("an array is longer than memory");
  return extents;
}

std::size_t long_extent(std::uint64_t first) {
  if (is_mention(first)) {
    Reader::fail("an array is mentioned where a sequence of other elements should stand");
  }
  if ((first & 1) != 0) {
    throw SerializationError("an array of " + std::to_string(first / 2) +
                             " dimensions cannot be read as a one-dimensional sequence");
  }
  if (first / 2 >= kMaxElements) {
    Reader::fail("a sequence is longer than memory");
  }
  return static_cast<std::size_t>(first / 2);
}

void other_length(std::size_t count, std::size_t expected) {
  throw SerializationError("a sequence of " + std::to_string(count) +
                           " elements cannot be read as a std::array of " +
                           std::to_string(expected));
}

}  // namespace manta::serialization
