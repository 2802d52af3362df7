// A Writer appends one value to an Encoded. Codecs call it; it knows bytes and no types.
//
//   numbers   fixed width, little-endian            varint  counts and indexes, 7 bits a byte
//   payload   the bytes of a sequence of flat elements, after its count: nothing if there are none,
//             else a varint m:  0        they follow here
//                               1        they follow here, and are in-line array number k = 0, 1, ...
//                               2 i + 2  they are buffer i
//                               2 k + 3  they are the bytes of in-line array k once more
//
// Invariant: an array (by its address and size) is written once, however often it is mentioned. With the
//            same extents as before it is mentioned by the place where those stand (codec/sequence.h).
// Threads: confined.   Errors: SerializationError; then the Encoded is empty.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "encoded.h"
#include "nesting.h"
#include "trace.h"

namespace manta::serialization {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

class WrittenBehind;
class WrittenArrays;

class Writer {
 public:
  Writer(Encoded& out, std::uint64_t fingerprint, std::string_view type);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Writes what shared pointers point to, and closes the stream. To be called once, at the end.
  void finish();

  void raw(const void* bytes, std::size_t size) {
    if (size != 0) {
      std::memcpy(room(size), bytes, size);
      cursor_ += size;
    }
  }

  template <class T>
    requires std::is_trivially_copyable_v<T>
  void fixed(const T& value) {
    std::memcpy(room(sizeof(T)), __builtin_addressof(value), sizeof(T));
    cursor_ += sizeof(T);
  }

  void varint(std::uint64_t value) {
    std::byte* p = room(10);
    while (value >= 0x80) {
      *p++ = static_cast<std::byte>(value | 0x80);
      value >>= 7;
    }
    *p++ = static_cast<std::byte>(value);
    cursor_ = p;
  }

  // Room for `size` bytes, which the caller fills before the next call.
  std::byte* reserve(std::size_t size) {
    std::byte* p = room(size);
    cursor_ += size;
    return p;
  }

  // The payload of an array whose memory `keep` owns, as a buffer from 64 bytes on. The array's extents
  // were just written, at `extents`; if it was met before with the same ones, a mention takes their place.
  void bytes(std::size_t extents, const void* data, std::size_t size, StorageRef keep);

  // The payload of a vector, which stays alive as long as the value; a buffer from 4 KiB on.
  void borrowed(const void* data, std::size_t size) {
    if (size >= kVectorOutOfBand) {
      out_of_band(data, size);
    } else if (size != 0) {
      std::byte* p = room(size + 1);
      *p = std::byte{0};
      std::memcpy(p + 1, data, size);
      cursor_ = p + 1 + size;
    }
  }

  // Adds a buffer and returns its index. What is borrowed from a temporary is copied.
  std::size_t add_buffer(const void* data, std::size_t size, StorageRef keep);

  // A reference to an object or actor; `target` may be null.
  void reference(RefKind kind, Ref<Counted> target);

  // While one exists, what is written is not part of the caller's value and dies early, as the result
  // of a manta_reduce does: no buffer may point into it.
  class Temporary {
   public:
    explicit Temporary(Writer& writer) : writer_(writer), before_(writer.temporary_) {
      writer.temporary_ = true;
    }
    ~Temporary() { writer_.temporary_ = before_; }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;

   private:
    Writer& writer_;
    bool before_;
  };

  using Nested = Nesting<Writer>;

  bool temporary() const { return temporary_; }
  // Observers may point to what a unique_ptr owns, so that these are written as mentions, too.
  void track_unique() { tracks_unique_ = true; }
  bool tracks_unique() const { return tracks_unique_; }
  std::size_t position() const { return static_cast<std::size_t>(cursor_ - out_.meta.data()); }

  WrittenBehind* behind() const { return behind_; }  // null at first
  void set_behind(WrittenBehind* behind) {
    behind_ = behind;
    remembers_ = true;
  }
  void set_tracked_objects(std::uint32_t count, bool owners_follow);  // in the header of the stream

  // Null unless MANTA_SERIALIZE_VERBOSE asks for the members.
  Trace* member_trace() const { return trace_ != nullptr && trace_->members() ? trace_ : nullptr; }

 private:
  friend class Nesting<Writer>;
  friend class Traced;

  std::byte* room(std::size_t size) {
    if (static_cast<std::size_t>(limit_ - cursor_) < size) [[unlikely]] {
      grow(size);
    }
    return cursor_;
  }
  void grow(std::size_t size);
  void forget();
  void end_trace(bool complete);
  void out_of_band(const void* data, std::size_t size);
  void mention(std::size_t extents, std::size_t first_extents, std::uint32_t payload);
  [[noreturn]] static void too_deep();

  std::byte* cursor_;
  std::byte* limit_;
  Encoded& out_;
  WrittenArrays* arrays_ = nullptr;  // made at the first array
  WrittenBehind* behind_ = nullptr;
  Trace* trace_ = nullptr;  // owned; null if MANTA_SERIALIZE_VERBOSE asks for nothing
  int depth_ = 0;
  bool temporary_ = false;
  bool tracks_unique_ = false;
  bool finished_ = false;
  // Whether arrays_ or behind_ is set: a small value ends with one look at this.
  bool remembers_ = false;
};

}  // namespace manta::serialization
