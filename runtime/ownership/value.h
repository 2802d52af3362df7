// A Value is what an object holds inside one process: the header stream of serialization/ (meta), the buffers that its
// arrays point into, and the references inside it. An error is a Value whose meta is an ErrorRecord. A long
// meta lies in the last buffer (kMetaInBuffer).
//
// Most values are small, and there are many of them, so a Value takes 40 bytes:
//
//   local    size 0 to 38 | flags | the bytes of meta               a number, a short string, nothing
//   stored   254          | flags | where meta is, what keeps it    one that came when there were many (value_codec.h)
//   remote   255          | flags | pointer to Parts                all others: a block with buffers, references, meta
//
// Invariants: a Value owns what it points to (blocks through StorageRef, entries through Ref), and its bytes never
//             change once it is in an ObjectEntry.
// Threads:    immutable once published by its entry's state; until then confined to its maker.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "../../base/counted.h"
#include "../../base/storage.h"
#include "../../serialization/stream/encoded.h"
#include "../wire/value_wire.h"

namespace manta::detail {

class Value {
 public:
  static constexpr std::size_t kLocal = 38;  // bytes of meta that need no block

  Value() noexcept { local_.head = {}; }  // of a void function, or moved from
  // `flags`: ValueFlag
  explicit Value(std::span<const std::byte> meta, std::uint32_t flags = 0) {
    if (meta.size() > kLocal) [[unlikely]] {
      make_parts(meta, flags, {}, {});
    } else {
      local_.head = {static_cast<std::uint8_t>(meta.size()), static_cast<std::uint8_t>(flags)};
      if (!meta.empty()) std::memcpy(local_.bytes, meta.data(), meta.size());
    }
  }
  Value(std::span<const std::byte> meta, std::uint32_t flags,
        std::vector<serialization::Buffer> buffers,
        std::vector<serialization::Reference> references) {
    make_parts(meta, flags, std::move(buffers), std::move(references));
  }
  // The meta of a value that has nothing else, where `home` keeps it.
  Value(std::span<const std::byte> meta, base::StorageRef home, std::uint32_t flags)
      : stored_{
            {kStored, static_cast<std::uint8_t>(flags)}, meta.data(), meta.size(), home.detach()} {}
  Value(Value&& other) noexcept { steal(other); }
  Value& operator=(Value&& other) noexcept {
    if (this != &other) {
      reset();
      steal(other);
    }
    return *this;
  }
  ~Value() { reset(); }

  std::span<const std::byte> meta() const {
    if (!is_local()) [[unlikely]] {
      return distant_meta();
    }
    return {local_.bytes, local_.head.size};
  }
  std::span<const serialization::Buffer> buffers() const {
    if (!is_remote()) [[likely]] {
      return {};
    }
    return remote_.parts->buffers;
  }
  std::span<const serialization::Reference> references() const {
    if (!is_remote()) [[likely]] {
      return {};
    }
    return remote_.parts->references;
  }
  std::uint32_t flags() const { return local_.head.flags; }
  bool is_error() const { return (flags() & kError) != 0; }

  // Of all values of this process, the bytes of meta in blocks of their own memory: neither local nor stored.
  static std::size_t bytes_in_heap();

  // Out of a value that goes.
  std::vector<serialization::Reference> take_references();

 private:
  struct Parts {  // followed by the bytes of meta
    std::size_t meta_size = 0;
    std::vector<serialization::Buffer> buffers;
    std::vector<serialization::Reference> references;
  };
  static constexpr std::uint8_t kStored = 254;
  static constexpr std::uint8_t kRemote = 255;

  // All forms begin with it, so that it can be read in any.
  struct Head {
    std::uint8_t size;
    std::uint8_t flags;
  };
  struct Local {
    Head head;
    std::byte bytes[kLocal];
  };
  struct Stored {
    Head head;
    const std::byte* meta;
    std::size_t size;
    base::Storage* home;  // a count of it
  };
  struct Remote {
    Head head;
    Parts* parts;
  };

  bool is_local() const { return local_.head.size <= kLocal; }
  bool is_remote() const { return local_.head.size == kRemote; }
  std::span<const std::byte> distant_meta() const;
  void make_parts(std::span<const std::byte> meta, std::uint32_t flags,
                  std::vector<serialization::Buffer> buffers,
                  std::vector<serialization::Reference> references);
  void reset() {
    if (!is_local()) [[unlikely]] {
      let_go();
    }
  }
  void let_go();
  void steal(Value& other) noexcept {
    std::memcpy(&local_, &other.local_, sizeof local_);  // also a pointer in its place
    other.local_.head = {};
  }

  union {
    Local local_;
    Stored stored_;
    Remote remote_;
  };
};
static_assert(sizeof(Value) == 40);

// What decode() takes of a value with kMetaInBuffer, given its parts. The bytes of the last buffer must be in memory.
serialization::EncodedView take_meta_from_buffer(const serialization::EncodedView& parts);

}  // namespace manta::detail
