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

void store_buffers(objectstore::Store& store, std::vector<serialization::Buffer>& buffers) {
  if (buffers.empty()) return;
  auto stored = store.put_buffers(buffers);
  if (!stored.ok()) {
    std::size_t size = 0;
    for (const auto& buffer : buffers) size += buffer.size;
    objectstore::throw_store_error(stored.error(), size, store);
  }
  buffers = std::move(stored.value());
}

namespace {

bool goes_into_store(const objectstore::Store& store, std::size_t size) {
  return size > Value::kLocal && Value::bytes_in_heap() + size > store.arena().small_values_cap();
}

Value put_meta(objectstore::Store& store, std::span<const std::byte> meta) {
  auto place = store.put_packed(meta, objectstore::Store::IfFull::kWait);
  if (!place.ok()) objectstore::throw_store_error(place.error(), meta.size(), store);
  return {{place->data, meta.size()}, std::move(place->storage), 0};
}

}  // namespace

Value small_value(objectstore::Store& store, std::span<const std::byte> meta, std::uint32_t flags) {
  if (goes_into_store(store, meta.size())) {
    auto place = store.put_packed(meta, objectstore::Store::IfFull::kRefuse);
    if (place.ok()) return {{place->data, meta.size()}, std::move(place->storage), flags};
  }
  return Value(meta, flags);
}

Value value_of(objectstore::Store& store, serialization::Encoded& encoded) {
  if (encoded.buffers.empty() && encoded.refs.empty()) {
    return goes_into_store(store, encoded.meta.size()) ? put_meta(store, encoded.meta)
                                                       : Value(encoded.meta);
  }
  store_buffers(store, encoded.buffers);
  Value value(encoded.meta, 0, std::move(encoded.buffers), std::move(encoded.refs));
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
