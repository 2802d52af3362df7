// Values as bytes outside the store, for files, sockets and databases. docs/wire.md states the format.
//
// Threads: any; a Bytes as a shared_ptr. Units: bytes. Errors: SerializationError.
#pragma once
#include <cstddef>
#include <span>
#include <string_view>

#include "encode.h"

namespace manta {

namespace serialization {
struct BytesAccess;
}

// Immutable bytes with shared ownership, in the store or outside it. A copy of the handle copies no byte.
class Bytes {
 public:
  Bytes() = default;  // none
  // A copy of its own, outside the store.
  explicit Bytes(std::span<const std::byte> copied);
  explicit Bytes(std::string_view copied) : Bytes(std::as_bytes(std::span<const char>(copied))) {}

  // The bytes and their number. They are valid as long as any copy of this handle; without bytes data() may be null.
  const std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  // The same as one object: to look at as bytes, or as characters. No byte is copied.
  std::span<const std::byte> span() const { return {data_, size_}; }
  std::string_view view() const { return {reinterpret_cast<const char*>(data_), size_}; }
  // Compares the bytes.
  bool operator==(const Bytes& other) const { return view() == other.view(); }

 private:
  friend struct serialization::BytesAccess;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  base::StorageRef storage_;
};

namespace serialization {

// Makes Bytes of memory that `storage` owns, without a copy.
struct BytesAccess {
  static Bytes make(const std::byte* data, std::size_t size, StorageRef storage) {
    Bytes bytes;
    bytes.data_ = data;
    bytes.size_ = size;
    bytes.storage_ = std::move(storage);
    return bytes;
  }
  static const StorageRef& storage(const Bytes& bytes) { return bytes.storage_; }
};

// Bytes travel like an array of std::byte, without a copy.
template <>
struct Codec<Bytes> {
  using Parts = Types<std::byte>;
  static constexpr TypeNode node() { return make_node<Bytes, Parts>(); }
  static void write(Writer& writer, const Bytes& value) {
    const std::size_t size = value.size();
    write_array(writer, {&size, 1}, value.data(), size, BytesAccess::storage(value));
  }
  static Bytes read(Reader& reader) {
    const std::size_t size = read_extent(reader.extents());
    Buffer buffer = reader.bytes(size);
    return BytesAccess::make(buffer.data, size, std::move(buffer.storage));
  }
  static void describe(TypeText& text) { describe_sequence<std::byte>(text); }
};

// How the runtime turns references into bytes that other processes understand, and back.
class ReferenceFormat {
 public:
  virtual ~ReferenceFormat() = default;
  // Appends a name of the target, and pins the target. Throws SerializationError.
  virtual void write(const Reference& reference, MetaBytes& out) = 0;
  // The target of such a name, which comes from outside. Throws SerializationError.
  virtual Reference read(RefKind kind, std::span<const std::byte> bytes) = 0;
};
void set_reference_format(ReferenceFormat* format);  // null: references are refused

// What serialize() gives. `schema` is the text of the type.
Bytes to_bytes(const Encoded& encoded, std::string_view schema);

// The parts of bytes, which the constructor checks; valid as long as this lives. Throws SerializationError.
class ParsedBytes {
 public:
  explicit ParsedBytes(const Bytes& bytes);
  std::uint64_t fingerprint() const { return fingerprint_; }
  std::string_view schema() const { return schema_; }
  EncodedView view() const { return {meta_, buffers_, refs_}; }

 private:
  std::uint64_t fingerprint_ = 0;
  std::string_view schema_;
  std::span<const std::byte> meta_;
  std::vector<Buffer> buffers_;
  std::vector<Reference> refs_;
  StorageRef storage_;  // owns the bytes, or an aligned copy of them
};

// An Encoded to be used for one value: the thread's own, or a new one inside another serialize().
class ScratchEncoded {
 public:
  ScratchEncoded();
  ~ScratchEncoded();
  ScratchEncoded(const ScratchEncoded&) = delete;
  ScratchEncoded& operator=(const ScratchEncoded&) = delete;
  Encoded& operator*() { return *encoded_; }

 private:
  Encoded* encoded_;
};

}  // namespace serialization

// The value as bytes, arrays included, with a checksum over all but the arrays. Objects to which
// references inside lead are pinned. Throws SerializationError for a value that cannot be written.
template <class T>
Bytes serialize(const T& value) {
  serialization::ScratchEncoded encoded;
  serialization::encode(value, *encoded);
  if constexpr (serialization::root_is_serializable<T>()) {
    return serialization::to_bytes(*encoded, serialization::type_text<T>());
  } else {
    return {};  // the compile error was given
  }
}

// The value again. Arrays point into `bytes` (into a copy, if these are not aligned to 64 bytes) and
// keep them alive. Throws SerializationError for bytes that are corrupt, truncated, foreign or of another type.
template <class T>
T deserialize(const Bytes& bytes) {
  const serialization::ParsedBytes parsed(bytes);
  const serialization::SchemaHint hint(parsed.fingerprint(), parsed.schema());
  return serialization::decode<T>(parsed.view());
}

}  // namespace manta
