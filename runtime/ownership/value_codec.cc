#include "value_codec.h"

#include <cstring>

#include "../../base/check.h"
#include "actor_entry.h"
#include "object_entry.h"

namespace manta::detail {
WireReference wire_of(const serialization::Reference& reference) {
  const auto kind = static_cast<std::uint64_t>(reference.kind);
  if (!reference.target) return {kind, 0, 0};  // an empty ref or handle
  if (reference.kind == serialization::RefKind::kActor) {
    const auto& id = static_cast<const ActorEntry*>(reference.target.get())->id();
    return {kind, id.hi(), id.lo()};
  }
  const auto& id = static_cast<const ObjectEntry*>(reference.target.get())->id();
  return {kind, id.hi(), id.lo()};
}

namespace {

void store_buffers(objectstore::Store& store, std::vector<serialization::Buffer>& buffers) {
  auto stored = store.put_buffers(buffers);
  if (!stored.ok()) {
    std::size_t size = 0;
    for (const auto& buffer : buffers) size += buffer.size;
    objectstore::throw_store_error(stored.error(), size, store);
  }
  buffers = std::move(stored.value());
}

bool goes_into_store(const objectstore::Store& store, std::size_t size) {
  return size > Value::kLocal && Value::bytes_in_heap() + size > store.arena().small_values_cap();
}

Value put_meta(objectstore::Store& store, std::span<const std::byte> meta) {
  auto place = store.put_packed(meta, objectstore::Store::IfFull::kWait);
  if (!place.ok()) objectstore::throw_store_error(place.error(), meta.size(), store);
  return {{place->data, meta.size()}, std::move(place->storage), 0};
}

}  // namespace

std::uint32_t store_parts(objectstore::Store& store, serialization::Encoded& encoded) {
  const bool long_meta = encoded.meta.size() > kMostMeta;
  if (long_meta) encoded.buffers.push_back({encoded.meta.data(), encoded.meta.size()});
  if (!encoded.buffers.empty()) store_buffers(store, encoded.buffers);
  if (!long_meta) return 0;
  encoded.meta.clear();
  return kMetaInBuffer;
}

Value small_value(objectstore::Store& store, std::span<const std::byte> meta, std::uint32_t flags) {
  if (goes_into_store(store, meta.size())) {
    auto place = store.put_packed(meta, objectstore::Store::IfFull::kRefuse);
    if (place.ok()) return {{place->data, meta.size()}, std::move(place->storage), flags};
  }
  return Value(meta, flags);
}

Value value_of(objectstore::Store& store, serialization::Encoded& encoded) {
  const std::size_t size = encoded.meta.size();
  const bool has_only_meta = encoded.buffers.empty() && encoded.refs.empty();
  if (has_only_meta && size <= Value::kLocal) [[likely]] {
    return Value(encoded.meta);
  }
  if (has_only_meta && size <= kMostMeta) {
    return goes_into_store(store, size) ? put_meta(store, encoded.meta) : Value(encoded.meta);
  }
  const std::uint32_t flags = store_parts(store, encoded);
  Value value(encoded.meta, flags, std::move(encoded.buffers), std::move(encoded.refs));
  encoded.clear();
  return value;
}

std::size_t wire_size(const Value& value) {
  return wire_size(value.buffers().size(), value.references().size(), value.meta().size());
}

std::byte* write_wire(std::byte* out, const objectstore::Store& store,
                      std::span<const std::byte> meta,
                      std::span<const serialization::Buffer> buffers,
                      std::span<const serialization::Reference> references, std::uint32_t flags) {
  ValueHeader header;
  header.flags = flags;
  header.meta_size = static_cast<std::uint32_t>(meta.size());
  header.buffer_count = static_cast<std::uint32_t>(buffers.size());
  header.reference_count = static_cast<std::uint32_t>(references.size());
  std::byte* const end = out + wire_size(buffers.size(), references.size(), meta.size());
  std::memcpy(out, &header, sizeof header);
  out += sizeof header;
  for (const auto& buffer : buffers) {
    const auto* block = store.block_of(buffer.storage.get());
    base::check(block != nullptr, "a buffer of a stored value lies outside the store");
    const auto inside = static_cast<std::uint64_t>(buffer.data - block->data());
    const ObjectId object = block->object();
    const WireBuffer wire{marked(block->offset(), BlockMark::kLent), block->offset() + inside,
                          buffer.size, object.hi(), object.lo()};
    std::memcpy(out, &wire, sizeof wire);
    out += sizeof wire;
  }
  for (const auto& reference : references) {
    const WireReference wire = wire_of(reference);
    std::memcpy(out, &wire, sizeof wire);
    out += sizeof wire;
  }
  if (!meta.empty()) std::memcpy(out, meta.data(), meta.size());
  std::memset(out + meta.size(), 0, static_cast<std::size_t>(end - out) - meta.size());
  return end;
}

std::byte* write_wire(std::byte* out, const objectstore::Store& store, const Value& value) {
  return write_wire(out, store, value.meta(), value.buffers(), value.references(), value.flags());
}

}  // namespace manta::detail
