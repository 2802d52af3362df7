#include "closure_bytes.h"

#include <cstring>

#include "call_builder.h"

namespace manta::detail {

ClosureBytes::ClosureBytes(serialization::Encoded&& encoded) {
  for (auto& buffer : encoded.buffers) {
    if (buffer.storage) continue;
    auto copy = base::HeapStorage::copy_of({buffer.data, buffer.size});
    buffer.data = copy->data();
    buffer.storage = std::move(copy);
  }
  encoded_ = std::make_shared<const serialization::Encoded>(std::move(encoded));
}

void ClosureBytes::append_to(CallBuilder& call) const {
  serialization::Encoded copy = *encoded_;  // the call puts the buffers into the store
  call.append(copy);
}

//   fingerprint | varint size, meta | varint count, {array of bytes} | varint count, {kind, reference}
void ClosureBytes::write(serialization::Writer& writer) const {
  writer.fixed(encoded_->fingerprint);
  writer.varint(encoded_->meta.size());
  writer.raw(encoded_->meta.data(), encoded_->meta.size());
  writer.varint(encoded_->buffers.size());
  for (const auto& buffer : encoded_->buffers) {
    serialization::write_array(writer, {&buffer.size, 1}, buffer.data, buffer.size, buffer.storage);
  }
  writer.varint(encoded_->refs.size());
  for (const auto& reference : encoded_->refs) {
    writer.fixed(reference.kind);
    writer.reference(reference.kind, reference.target);
  }
}

ClosureBytes ClosureBytes::read(serialization::Reader& reader) {
  serialization::Encoded encoded;
  encoded.fingerprint = reader.fixed<std::uint64_t>();
  encoded.meta.resize(reader.count());
  const std::size_t size = encoded.meta.size();
  if (size != 0) std::memcpy(encoded.meta.data(), reader.raw(size), size);
  const std::size_t buffers = reader.count();
  for (std::size_t i = 0; i < buffers; ++i) {
    const std::size_t bytes = serialization::read_extent(reader.extents());
    encoded.buffers.push_back(reader.bytes(bytes));
  }
  const std::size_t references = reader.count();
  for (std::size_t i = 0; i < references; ++i) {
    const auto kind = reader.fixed<serialization::RefKind>();
    encoded.refs.push_back(reader.reference(kind));
  }
  return ClosureBytes(std::move(encoded));
}

}  // namespace manta::detail
