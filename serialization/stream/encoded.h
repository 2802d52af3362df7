// An Encoded is a value taken apart: a stream of bytes that describes it (meta), the memory of its
// arrays, which is not copied (buffers), and the objects and actors that it refers to (refs).
//
//   value --encode--> Encoded --(store copies borrowed buffers)--> EncodedView --decode--> value
//
// meta:      16 bytes (the fingerprint of the root type, the number of tracked objects, whether their owners follow),
//            then the stream.
// buffers:   one without a storage is borrowed from the value, which must outlive it unchanged; whoever keeps
//            the Encoded copies it. Those given to decode() are aligned to 64 bytes and have a storage.
// refs:      records of the runtime, kept alive by the count; nothing here looks into them.
// Threads:   confined; a thread should use one again and again, because clear() keeps the memory.   Units: bytes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "../../base/counted.h"
#include "../../base/storage.h"

namespace manta::serialization {

using base::Counted;
using base::Ref;
using base::StorageRef;

struct Buffer {
  const std::byte* data = nullptr;
  std::size_t size = 0;
  StorageRef storage = {};  // owns the bytes; null if they are borrowed
};

enum class RefKind : std::uint8_t { kObject, kActor };

struct Reference {
  RefKind kind = RefKind::kObject;
  Ref<Counted> target = {};
};

// Leaves bytes uninitialized where a vector would write zeros, because the stream is overwritten anyway.
template <class T>
struct UninitializedAllocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = UninitializedAllocator<U>;
  };
  using std::allocator<T>::allocator;
  template <class U>
  void construct(U*) noexcept {}
  template <class U, class... Args>
  void construct(U* place, Args&&... args) {
    ::new (static_cast<void*>(place)) U(std::forward<Args>(args)...);
  }
};
using MetaBytes = std::vector<std::byte, UninitializedAllocator<std::byte>>;

// The parts, with their memory.
struct Encoded {
  MetaBytes meta = {};
  std::vector<Buffer> buffers = {};
  std::vector<Reference> refs = {};
  std::uint64_t fingerprint = 0;

  void clear() {
    meta.clear();
    buffers.clear();
    refs.clear();
    fingerprint = 0;
  }
};

// The parts, in memory that somebody else keeps.
struct EncodedView {
  std::span<const std::byte> meta = {};
  std::span<const Buffer> buffers = {};
  std::span<const Reference> refs = {};

  EncodedView() = default;
  EncodedView(std::span<const std::byte> meta_bytes, std::span<const Buffer> buffer_list,
              std::span<const Reference> ref_list)
      : meta(meta_bytes), buffers(buffer_list), refs(ref_list) {}
  EncodedView(const Encoded& encoded)
      : meta(encoded.meta), buffers(encoded.buffers), refs(encoded.refs) {}
};

inline constexpr std::size_t kMetaHeader = 16;
// Arrays of this size in bytes and larger ones become buffers, and so do vectors and strings from the second size on.
inline constexpr std::size_t kArrayOutOfBand = 64;
inline constexpr std::size_t kVectorOutOfBand = 4096;
inline constexpr int kMaxDepth = 1000;  // of nesting by value
// Of an array: its dimensions, and the product of its extents without those of 0, more than memory has bytes.
inline constexpr std::size_t kMaxDimensions = 32;
inline constexpr std::uint64_t kMaxElements = std::uint64_t{1} << 46;
inline constexpr std::size_t kFirstMention = 2 * kMaxDimensions + 3;  // see codec/sequence.h

// Whether the first varint of an array's extents says that the array was met before.
inline bool is_mention(std::uint64_t extents) {
  return extents % 2 == 1 && extents >= kFirstMention;
}

}  // namespace manta::serialization
