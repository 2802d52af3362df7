#include "value.h"

#include <atomic>
#include <new>
#include <utility>

#include "../../base/check.h"

namespace manta::detail {
namespace {

std::atomic<std::size_t> in_heap{0};  // SYNC: none: a figure

void count_buffers(std::span<const serialization::Buffer> buffers, int change) {
  for (const auto& buffer : buffers) {
    if (buffer.storage) buffer.storage->count_keeper(base::Storage::Keeper::kValue, change);
  }
}

}  // namespace

std::size_t Value::bytes_in_heap() { return in_heap.load(std::memory_order_relaxed); }

std::span<const std::byte> Value::distant_meta() const {
  if (!is_remote()) return {stored_.meta, stored_.size};
  return {reinterpret_cast<const std::byte*>(remote_.parts + 1), remote_.parts->meta_size};
}

void Value::make_parts(std::span<const std::byte> meta, std::uint32_t flags,
                       std::vector<serialization::Buffer> buffers,
                       std::vector<serialization::Reference> references) {
  void* const place = ::operator new(sizeof(Parts) + meta.size());
  auto* const parts = new (place) Parts{meta.size(), std::move(buffers), std::move(references)};
  if (!meta.empty()) std::memcpy(static_cast<void*>(parts + 1), meta.data(), meta.size());
  count_buffers(parts->buffers, 1);
  if (meta.size() > kLocal) in_heap.fetch_add(meta.size(), std::memory_order_relaxed);
  remote_ = {{kRemote, static_cast<std::uint8_t>(flags)}, parts};
}

void Value::let_go() {
  if (!is_remote()) return stored_.home->release();
  if (const std::size_t size = remote_.parts->meta_size; size > kLocal) {
    in_heap.fetch_sub(size, std::memory_order_relaxed);
  }
  count_buffers(remote_.parts->buffers, -1);
  remote_.parts->~Parts();
  ::operator delete(remote_.parts);
}

std::vector<serialization::Reference> Value::take_references() {
  if (!is_remote()) return {};
  return std::move(remote_.parts->references);
}

serialization::EncodedView take_meta_from_buffer(const serialization::EncodedView& parts) {
  base::check(!parts.buffers.empty(), "a value whose meta is a buffer has one");
  const serialization::Buffer& meta = parts.buffers.back();
  return {{meta.data, meta.size}, parts.buffers.first(parts.buffers.size() - 1), parts.refs};
}

}  // namespace manta::detail
