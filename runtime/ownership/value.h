// A Value is what an object holds inside one process: the header stream of serialization/ (meta), the buffers that its
// arrays point into, and the references inside it. An error is a Value whose meta is an ErrorRecord.
//
// Invariants: a Value owns what it points to (blocks through StorageRef, entries through Ref), and its bytes never
//             change once it is in an ObjectEntry.
// Threads:    immutable once published by its entry's state; until then confined to its maker.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "../../base/counted.h"
#include "../../serialization/stream/encoded.h"

namespace manta::detail {

// Bytes that need no allocation while they are few: nearly every argument and result of a small call.
class SmallBytes {
 public:
  static constexpr std::size_t kInline = 40;

  SmallBytes() = default;
  explicit SmallBytes(std::span<const std::byte> from) : size_(from.size()) {
    if (size_ > kInline) heap_ = new std::byte[size_];
    if (size_ != 0) std::memcpy(mutable_data(), from.data(), size_);
  }
  SmallBytes(SmallBytes&& other) noexcept { steal(other); }
  SmallBytes& operator=(SmallBytes&& other) noexcept {
    if (this != &other) {
      reset();
      steal(other);
    }
    return *this;
  }
  ~SmallBytes() { reset(); }

  std::size_t size() const { return size_; }
  const std::byte* data() const { return size_ > kInline ? heap_ : local_; }
  std::span<const std::byte> span() const { return {data(), size_}; }

 private:
  std::byte* mutable_data() { return size_ > kInline ? heap_ : local_; }
  void reset() {
    if (size_ > kInline) delete[] heap_;
    size_ = 0;
  }
  void steal(SmallBytes& other) noexcept {
    size_ = std::exchange(other.size_, 0);
    if (size_ > kInline) {
      heap_ = other.heap_;
    } else {
      std::memcpy(local_, other.local_, size_);
    }
  }

  std::size_t size_ = 0;
  union {
    std::byte local_[kInline];
    std::byte* heap_;
  };
};

struct Value {
  struct Attached {
    std::vector<serialization::Buffer> buffers;
    std::vector<serialization::Reference> references;
  };

  SmallBytes meta;
  std::unique_ptr<Attached> attached;  // null: neither buffers nor references
  std::uint32_t flags = 0;             // ValueFlag

  std::span<const serialization::Buffer> buffers() const {
    return attached ? std::span<const serialization::Buffer>(attached->buffers)
                    : std::span<const serialization::Buffer>();
  }
  std::span<const serialization::Reference> references() const {
    return attached ? std::span<const serialization::Reference>(attached->references)
                    : std::span<const serialization::Reference>();
  }
  serialization::EncodedView view() const { return {meta.span(), buffers(), references()}; }
};

}  // namespace manta::detail
